"""What would be released: each function's newest version against the one that its alias serves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.console import fail

if TYPE_CHECKING:
    from scripts.deployed import Deployed

ROLE = "execution role"
DEAD_LETTERS = "dead-letter target"
UNWEIGHTED: dict[str, dict[str, float]] = {"AdditionalVersionWeights": {}}


@dataclass(frozen=True, slots=True)
class Change:
    """One function on its way from version `current` to version `target`; `key` is <service>.<function>."""

    key: str
    function: str
    alias: str
    group: str
    alarms: tuple[str, ...]
    current: str
    target: str

    def app_spec(self, hook: str | None) -> str:
        """Return CodeDeploy's description of the change; `hook` is the function that checks the version first."""
        properties = {
            "Name": self.function,
            "Alias": self.alias,
            "CurrentVersion": self.current,
            "TargetVersion": self.target,
        }
        return json.dumps(
            {
                "version": 0.0,
                "Resources": [{self.function: {"Type": "AWS::Lambda::Function", "Properties": properties}}],
                "Hooks": [{"BeforeAllowTraffic": hook}] if hook else [],
            }
        )


def function(stack: Deployed, key: str, current: str, target: str) -> Change:
    """Return the change of one function between two versions."""
    known: dict[str, Any] = stack.outputs["functions"][key]
    alarms = tuple(known["canary_alarms"])
    return Change(key, known["name"], known["alias"], known["deployment_group"], alarms, current, target)


def serving(client: Any, name: str, alias: str) -> tuple[str, dict[str, float]]:
    """Return the version of an alias and the weights (0 to 1) of the other ones."""
    found = client.get_alias(FunctionName=name, Name=alias)
    return str(found["FunctionVersion"]), (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}


def changes(stack: Deployed) -> list[Change]:
    """Return the functions whose alias is not at their newest version, sorted. No release may be in flight.

    Raises:
        Failure: an alias has weights all the same; nothing can be released beside them.
    """
    client = stack.environment.client("lambda")
    found, weighted = [], []
    for key, known in sorted(stack.outputs["functions"].items()):
        current, weights = serving(client, known["name"], known["alias"])
        if weights:
            weighted.append(key)
        elif current != str(known["version"]):
            found.append(function(stack, key, current, str(known["version"])))
    if weighted:
        fail(
            f"the traffic of {', '.join(weighted)} is split though no release is in flight",
            "provisioned environments may still be starting: try again in a minute; if it stays, go back to the last "
            f"known good version: make rollback FUNCTION={weighted[0]} ENV={stack.environment.name}",
        )
    return found


def in_waves(stack: Deployed, waiting: list[Change]) -> list[list[Change]]:
    """Return the changes in the order of their release: first the hook, as it checks the others; the others together.

    No other order is needed: functions meet in events and calls whose contracts hold for both of their versions.
    """
    hook = str(stack.outputs.get("deployment_hook") or "").partition(":")[0]
    waves = [[one for one in waiting if one.function == hook], [one for one in waiting if one.function != hook]]
    return [wave for wave in waves if wave]


def unlike(client: Any, change: Change) -> list[str]:
    """Return what keeps the two versions from sharing an alias: Lambda wants one role and one dead-letter target."""
    old, new = (
        client.get_function_configuration(FunctionName=change.function, Qualifier=version)
        for version in (change.current, change.target)
    )
    targets = [(one.get("DeadLetterConfig") or {}).get("TargetArn") for one in (old, new)]
    return [ROLE] * (old["Role"] != new["Role"]) + [DEAD_LETTERS] * (targets[0] != targets[1])
