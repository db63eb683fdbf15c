"""What an execution role may do when a service acts for a function."""

from __future__ import annotations

from contextvars import ContextVar

from scripts.local import engine
from scripts.local.settings import ACCOUNT_ID, REGION


def allows(role_arn: str, action: str, resource_arn: str) -> bool:
    """Whether the policies of a role, as they are now, allow an action."""
    evaluator = engine.core("iam_evaluator")
    policies = evaluator._gather_role_policies(role_arn.rsplit("/", 1)[-1], ACCOUNT_ID)
    context = evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=ACCOUNT_ID,
        action=action,
        resource_arn=resource_arn,
        region=REGION,
        service_context={},
        principal_keys={},
    )
    return bool(evaluator.evaluate(context, policies).decision == "Allow")


def install() -> None:
    """The loopback endpoint stands for AWS's TLS endpoint: aws:SecureTransport is true for every request."""
    evaluator, app = engine.core("iam_evaluator"), engine.app()
    evaluator._request_origin = ContextVar("request_origin", default=("127.0.0.1", True))
    app.pin_request_origin = lambda client_ip, _secure: evaluator._request_origin.set((client_ip, True))
