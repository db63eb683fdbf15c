"""Deployment configurations: how the traffic of an alias shifts, those that AWS has predefined and custom ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scripts.local.codedeploy.errors import CodeDeployError

ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
_CANARY_MINUTES = (5, 10, 15, 30)
_LINEAR_MINUTES = (1, 2, 3, 10)
_OF_OTHER_PLATFORMS = (
    ("Server", "CodeDeployDefault.OneAtATime"),
    ("Server", "CodeDeployDefault.HalfAtATime"),
    ("Server", "CodeDeployDefault.AllAtOnce"),
    ("ECS", "CodeDeployDefault.ECSAllAtOnce"),
)
_PREDEFINED_AT = 1511827200.0
"""When AWS announced Lambda deployments; the predefined configurations have no date of their own here."""


@dataclass(frozen=True, slots=True)
class Shift:
    """`percent` of the traffic goes to the new version from `minute` minutes after the start of shifting."""

    percent: int
    minute: int


def predefined() -> dict[str, dict[str, Any]]:
    """AWS's configurations by name, as DeploymentConfigInfo."""
    routings = {ALL_AT_ONCE: {"type": "AllAtOnce"}}
    routings |= {f"CodeDeployDefault.LambdaCanary10Percent{m}Minutes": canary(10, m) for m in _CANARY_MINUTES}
    routings |= {
        f"CodeDeployDefault.LambdaLinear10PercentEvery{m}Minute{'s' if m > 1 else ''}": linear(10, m)
        for m in _LINEAR_MINUTES
    }
    found = {name: _info(name, "Lambda", trafficRoutingConfig=routing) for name, routing in routings.items()}
    return found | {name: _info(name, platform) for platform, name in _OF_OTHER_PLATFORMS}


def canary(percent: int, minutes: int) -> dict[str, Any]:
    return {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes},
    }


def linear(percent: int, minutes: int) -> dict[str, Any]:
    return {
        "type": "TimeBasedLinear",
        "timeBasedLinear": {"linearPercentage": percent, "linearInterval": minutes},
    }


def _info(name: str, platform: str, **more: Any) -> dict[str, Any]:
    return {
        "deploymentConfigId": name,
        "deploymentConfigName": name,
        "computePlatform": platform,
        "createTime": _PREDEFINED_AT,
        **more,
    }


def custom(request: dict[str, Any], identifier: str, created: float) -> dict[str, Any]:
    """The DeploymentConfigInfo of a CreateDeploymentConfig request for Lambda; raises CodeDeployError."""
    name = request.get("deploymentConfigName") or ""
    if not name:
        raise CodeDeployError("DeploymentConfigNameRequiredException", "The deployment configuration name is required.")
    if name.startswith("CodeDeployDefault.") or len(name) > 100:
        raise CodeDeployError(
            "InvalidDeploymentConfigNameException",
            f"{name} is not valid: it is too long or starts with a reserved name.",
        )
    if request.get("computePlatform") != "Lambda":
        raise CodeDeployError(
            "InvalidComputePlatformException", "The local cloud has deployment configurations for Lambda only."
        )
    routing = request.get("trafficRoutingConfig") or {"type": "AllAtOnce"}
    shifts(routing)
    return {
        "deploymentConfigId": identifier,
        "deploymentConfigName": name,
        "computePlatform": "Lambda",
        "trafficRoutingConfig": routing,
        "createTime": created,
    }


def shifts(routing: dict[str, Any]) -> list[Shift]:
    """The steps of a TrafficRoutingConfig, the last at 100 percent; raises CodeDeployError."""
    kind = routing.get("type")
    if kind == "AllAtOnce":
        return [Shift(100, 0)]
    if kind == "TimeBasedCanary":
        percent, minutes = _numbers(routing, "timeBasedCanary", "canary")
        return [Shift(percent, 0), Shift(100, minutes)]
    if kind == "TimeBasedLinear":
        percent, minutes = _numbers(routing, "timeBasedLinear", "linear")
        count = -(-100 // percent)
        return [Shift(min(100, percent * (step + 1)), minutes * step) for step in range(count)]
    raise _invalid_routing("the type is AllAtOnce, TimeBasedCanary or TimeBasedLinear")


def _numbers(routing: dict[str, Any], member: str, prefix: str) -> tuple[int, int]:
    values = routing.get(member) or {}
    percent, minutes = values.get(f"{prefix}Percentage"), values.get(f"{prefix}Interval")
    if not isinstance(percent, int) or not 1 <= percent <= 99:
        raise _invalid_routing(f"{prefix}Percentage is from 1 to 99")
    if not isinstance(minutes, int) or not 1 <= minutes <= 2880:
        raise _invalid_routing(f"{prefix}Interval is from 1 to 2880 minutes")
    return percent, minutes


def _invalid_routing(reason: str) -> CodeDeployError:
    return CodeDeployError(
        "InvalidTrafficRoutingConfigurationException", f"The traffic routing configuration is not valid: {reason}."
    )
