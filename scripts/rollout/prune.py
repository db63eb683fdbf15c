"""`make prune`: delete old versions of functions and of layers, never what serves, served last or could serve again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scripts.console import fail, say, show_table
from scripts.deployed import Deployed
from scripts.rollout.deployments import Deployments, who
from scripts.rollout.record import Records, catch_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scripts.environment import Environment

UNPUBLISHED = "$LATEST"
# A release prunes by itself, and leaves more than a person might want to.
KEPT_BY_A_RELEASE = 10


@dataclass(frozen=True, slots=True)
class Pruning:
    """Versions of one function or layer: those that go, and why each other one stays."""

    name: str
    kind: str
    going: tuple[int, ...]
    staying: dict[int, str] = field(default_factory=dict)


def prune(environment: Environment, *, keep: int, dry_run: bool = False) -> None:
    """Delete what nothing can need any more and show what stays and why.

    `keep` is the number of newest versions of each function that stay in any case; `dry_run` deletes nothing.

    Raises:
        Failure: nothing would be kept, or a release is in flight.
    """
    if keep < 1:
        fail(
            f"--keep {keep} would keep no version", "give 1 or more; what serves, served last or is newest stays anyway"
        )
    stack = Deployed.read(environment)
    deployments = Deployments(stack)
    if running := deployments.in_flight():
        groups = ", ".join(sorted({one.group for one in running}))
        fail(f"a release is in flight: {groups}", f"wait for it: make rollout ENV={environment.name} shows it")
    catch_up(deployments, Records(environment))
    found = survey(stack, keep)
    show_table(("what", "name", "going", "staying"), [_row(one) for one in found])
    going = sum(len(one.going) for one in found)
    if dry_run or not going:
        say("nothing to delete" if not going else f"dry run: {going} versions would be deleted, nothing was")
        return
    _delete(stack, found)


def after_release(stack: Deployed) -> None:
    """Prune after a release in which all went well. What cannot be deleted is said; the release stands."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = survey(stack, KEPT_BY_A_RELEASE)
        if any(one.going for one in found):
            _delete(stack, found)
    except (BotoCoreError, ClientError) as error:
        say(
            f"old versions were not pruned: {error} (make prune ENV={stack.environment.name} tries again)",
            style="yellow",
        )


def survey(stack: Deployed, keep: int) -> list[Pruning]:
    """Return what would go and what would stay, of every function of the stack and of the layers that they use."""
    client, records = stack.environment.client("lambda"), Records(stack.environment)
    found: list[Pruning] = []
    used: set[str] = set()
    known: set[str] = set()
    for key, function in sorted(stack.outputs["functions"].items()):
        versions = _versions(client, function["name"])
        reasons = _reasons(client, records, key, function, keep, sorted(versions.keys() - {UNPUBLISHED}, key=int))
        for version, attached in versions.items():
            known |= attached
            if version == UNPUBLISHED or int(version) in reasons:
                used |= attached
        going = sorted(int(one) for one in versions if one != UNPUBLISHED and int(one) not in reasons)
        found.append(Pruning(key, "function", tuple(going), reasons))
    layers = sorted({arn.rpartition(":")[0] for arn in known})
    return found + [_layer(client, arn, used) for arn in layers]


def _versions(client: Any, function: str) -> dict[str, set[str]]:
    """ARNs of layer versions by the version of the function that uses them."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    return {
        one["Version"]: {layer["Arn"] for layer in one.get("Layers") or []}
        for page in pages
        for one in page["Versions"]
    }


def _reasons(
    client: Any, records: Records, key: str, function: dict[str, Any], keep: int, versions: list[str]
) -> dict[int, str]:
    """Why versions stay: one reason each, the strongest."""
    reasons = {int(version): "recent" for version in versions[-keep:]}
    reasons |= {int(version): "newest" for version in [*versions[-1:], str(function["version"])]}
    if last := records.last(key):
        reasons |= {int(last.previous): "good before it"} if last.previous else {}
        reasons |= {int(last.version): "last known good"}
    pages = client.get_paginator("list_aliases").paginate(FunctionName=function["name"])
    for alias in (one for page in pages for one in page["Aliases"]):
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        for version in (alias["FunctionVersion"], *weights):
            if version != UNPUBLISHED:
                reasons[int(version)] = f"alias {alias['Name']}"
    return {version: reason for version, reason in reasons.items() if str(version) in versions}


def _layer(client: Any, arn: str, used: set[str]) -> Pruning:
    """A layer by its ARN without version. The newest stays: an apply may have made it and not used it yet."""
    name = arn.rpartition(":")[2]
    pages = client.get_paginator("list_layer_versions").paginate(LayerName=name)
    versions = sorted(int(one["Version"]) for page in pages for one in page["LayerVersions"])
    reasons = dict.fromkeys(versions[-1:], "newest")
    reasons |= {version: "in use" for version in versions if f"{arn}:{version}" in used}
    return Pruning(name, "layer", tuple(one for one in versions if one not in reasons), reasons)


def _delete(stack: Deployed, found: list[Pruning]) -> None:
    """Delete versions of functions, then of layers; write down who did what."""
    client = stack.environment.client("lambda")
    functions = {key: function["name"] for key, function in stack.outputs["functions"].items()}
    gone: dict[str, list[int]] = {}
    for one, version in [(pruning, version) for pruning in found for version in pruning.going]:
        try:
            if one.kind == "layer":
                client.delete_layer_version(LayerName=one.name, VersionNumber=version)
            else:
                client.delete_function(FunctionName=functions[one.name], Qualifier=str(version))
        except client.exceptions.ResourceConflictException:
            say(f"{one.name}: version {version} stays, an alias came to use it", style="yellow")
        except client.exceptions.ResourceNotFoundException:
            continue
        else:
            gone.setdefault(one.name, []).append(version)
    if not gone:
        return
    deleted = {name: ranges(versions) for name, versions in gone.items()}
    by = who(stack)
    entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": by, "deleted": deleted}
    stack.environment.client("ssm").put_parameter(
        Name=audit_name(stack.environment),
        Type="String",
        Overwrite=True,
        Tier="Intelligent-Tiering",
        Value=json.dumps(entry),
    )
    say(f"pruned by {by}: {'; '.join(f'{name} {versions}' for name, versions in deleted.items())}", style="green")


def audit_name(environment: Environment) -> str:
    """Return the parameter that holds the last pruning: at (RFC 3339), by, deleted. Its history has those before."""
    return f"/tradepost/{environment.name}/pruned"


def _row(one: Pruning) -> tuple[str, ...]:
    by_reason: dict[str, list[int]] = {}
    for version, reason in sorted(one.staying.items()):
        by_reason.setdefault(reason, []).append(version)
    staying = ", ".join(f"{ranges(versions)} ({reason})" for reason, versions in by_reason.items())
    return (one.kind, one.name, ranges(one.going) or "-", staying)


def ranges(versions: Iterable[int]) -> str:
    """Return versions in short: "1-4, 7"."""
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in _runs(sorted(versions)))


def _runs(versions: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each unbroken run."""
    start = 0
    for end, version in enumerate(versions):
        if end + 1 == len(versions) or versions[end + 1] != version + 1:
            yield versions[start], version
            start = end + 1
