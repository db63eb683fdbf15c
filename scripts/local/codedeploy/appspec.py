"""The AppSpec of a Lambda deployment: which alias moves from which version to which, and the hooks around it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import yaml

from scripts.local.codedeploy.errors import CodeDeployError

BEFORE, AFTER = "BeforeAllowTraffic", "AfterAllowTraffic"


@dataclass(frozen=True, slots=True)
class AppSpec:
    """`hooks` maps BeforeAllowTraffic and AfterAllowTraffic to a function's name or ARN."""

    function: str
    alias: str
    current: str
    target: str
    hooks: dict[str, str]

    def reversed(self) -> AppSpec:
        """Back to the current version, without hooks."""
        return AppSpec(self.function, self.alias, self.target, self.current, {})

    def revision(self) -> dict[str, Any]:
        """As a revision of the type AppSpecContent."""
        properties = {
            "Name": self.function,
            "Alias": self.alias,
            "CurrentVersion": self.current,
            "TargetVersion": self.target,
        }
        document = {
            "version": 0.0,
            "Resources": [{self.function: {"Type": "AWS::Lambda::Function", "Properties": properties}}],
            "Hooks": [{event: function} for event, function in self.hooks.items()],
        }
        content = json.dumps(document)
        return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": sha256(content)}}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def parse(revision: dict[str, Any]) -> AppSpec:
    """Read a revision's AppSpec, JSON or YAML; raises CodeDeployError."""
    kind = revision.get("revisionType")
    member = {"AppSpecContent": "appSpecContent", "String": "string"}.get(str(kind))
    if member is None:
        raise _invalid(f"the revision type {kind} is not one of AppSpecContent and String")
    given = revision.get(member) or {}
    content = str(given.get("content") or "")
    if given.get("sha256") not in (None, "", sha256(content)):
        raise _invalid("the content does not have the given SHA-256")
    try:
        document = _lower(yaml.safe_load(content))
        [resource] = document["resources"]
        [definition] = resource.values()
        properties = definition["properties"]
        function, alias, current, target = (
            str(properties[name]) for name in ("name", "alias", "currentversion", "targetversion")
        )
        hooks = {event: str(function) for hook in document.get("hooks") or [] for event, function in hook.items()}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise _invalid("it needs one resource with Name, Alias, CurrentVersion and TargetVersion") from error
    if definition.get("type") != "AWS::Lambda::Function":
        raise _invalid("the type of its resource is AWS::Lambda::Function")
    named = {name.lower(): name for name in (BEFORE, AFTER)}
    if unknown := set(hooks) - set(named):
        raise _invalid(f"a Lambda deployment has no hook {', '.join(sorted(unknown))}")
    return AppSpec(function, alias, current, target, {named[event]: function for event, function in hooks.items()})


def _lower(value: Any) -> Any:
    """AppSpec names are read without case, but the values (and the name of the resource) stay."""
    if isinstance(value, dict):
        return {str(key).lower(): _lower(item) for key, item in value.items()}
    return [_lower(item) for item in value] if isinstance(value, list) else value


def _invalid(reason: str) -> CodeDeployError:
    return CodeDeployError("InvalidRevisionException", f"The AppSpec file is not valid: {reason}.")
