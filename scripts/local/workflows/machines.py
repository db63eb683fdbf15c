"""Creating and updating a state machine: the role is one that Step Functions may assume, and that may log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.local import engine, roles
from scripts.local.targets import service_roles
from scripts.local.workflows import history_log

LOG_DELIVERY = tuple(
    f"logs:{action}"
    for action in (
        "CreateLogDelivery",
        "GetLogDelivery",
        "UpdateLogDelivery",
        "DeleteLogDelivery",
        "ListLogDeliveries",
        "PutResourcePolicy",
        "DescribeResourcePolicies",
        "DescribeLogGroups",
    )
)
"""What AWS documents that an execution role needs to log; each on every resource."""

NOT_TRUSTED = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
    "provided role."
)
Action = Callable[[dict[str, Any]], Any]


def install() -> None:
    workflows = engine.service("stepfunctions")
    workflows._create_state_machine = _checked(workflows, workflows._create_state_machine)
    workflows._update_state_machine = _checked(workflows, workflows._update_state_machine)


def _checked(workflows: Any, act: Action) -> Action:
    def checked(data: dict[str, Any]) -> Any:
        known = workflows._state_machines.get(data.get("stateMachineArn", "")) or {}
        role = data.get("roleArn") or known.get("roleArn") or ""
        logging = data.get("loggingConfiguration") or known.get("loggingConfiguration") or {}
        refused = _refusal(role, logging)
        if refused is not None:
            return engine.core("responses").error_response_json(*refused, 400)
        return act(data)

    return checked


def _refusal(role: str, logging: dict[str, Any]) -> tuple[str, str] | None:
    """(exception, message) of AWS, or None when role and logging are right."""
    if role and not service_roles.trusts(role, "states.amazonaws.com"):
        return "AccessDeniedException", NOT_TRUSTED
    if logging.get("level", "OFF") == "OFF":
        return None
    destinations = logging.get("destinations") or []
    arns = [(one.get("cloudWatchLogsLogGroup") or {}).get("logGroupArn") or "" for one in destinations]
    if len(arns) != 1 or not arns[0].endswith(":*"):
        return (
            "InvalidLoggingConfiguration",
            "Exactly one log destination is needed, a log group's ARN that ends in :*.",
        )
    allowed = all(roles.allows(role, action, "*") for action in LOG_DELIVERY)
    if not allowed or history_log.group_name(logging) not in engine.service("cloudwatch_logs")._log_groups:
        return (
            "AccessDeniedException",
            "The state machine IAM Role is not authorized to access the Log Destination",
        )
    return None
