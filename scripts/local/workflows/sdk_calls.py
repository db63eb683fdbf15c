"""aws-sdk integrations: the call that Step Functions makes is authorized as the execution role's, like any request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from scripts.local import engine, roles
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.workflows.rights import Denial, Right, denied

_caller: ContextVar[tuple[str, str] | None] = ContextVar("sdk_caller", default=None)
"""(role, service name of the aws-sdk resource) of the call that is about to be made."""


def install() -> None:
    """Check what goes through the engine's door to its services while an aws-sdk task is running."""
    app = engine.app()
    call = app.call_service_handler_sync

    def checked_call(
        handler: Any,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Any,
        query: Any,
        timeout: float | None = None,
    ) -> Any:
        caller = _caller.get()
        if caller is None:
            return call(handler, method, path, headers, body, query, timeout)
        content = body.encode() if isinstance(body, str) else body or b""
        _require(caller, _service(handler), (method, path, headers, content, query))
        inside = _caller.set(None)
        try:
            return call(handler, method, path, headers, body, query, timeout)
        finally:
            _caller.reset(inside)

    app.call_service_handler_sync = checked_call


@contextmanager
def as_role(role: str, resource: str) -> Iterator[None]:
    """Authorize the calls inside as this role's; `resource` is arn:aws:states:::aws-sdk:<service>:<action>."""
    token = _caller.set((role, resource.split(":")[6].lower()))
    try:
        yield
    finally:
        _caller.reset(token)


def _service(handler: Any) -> str:
    return next(str(name) for name, known in engine.app().SERVICE_HANDLERS.items() if known is handler)


def _require(caller: tuple[str, str], service: str, request: tuple[str, str, dict[str, str], bytes, Any]) -> None:
    role, sdk_name = caller
    workflows = engine.service("stepfunctions")
    for right in _rights(service, *request):
        if not roles.allows(role, right.action, right.resource):
            prefix = workflows._AWS_SDK_ERROR_PREFIX.get(sdk_name, sdk_name.capitalize())
            denial = Denial(f"{prefix}.{prefix}Exception", prefix, 400)
            raise workflows._ExecutionError(denial.error, denied(role, right, denial))


def _rights(service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> list[Right]:
    """What the engine's IAM would check for this request."""
    actions = engine.core("iam_actions")
    parameters = engine.app()._routing_params(method, path, headers, body, query)
    action = actions.extract_iam_action(service, method, path, headers, body, parameters)
    if action is None:
        return []
    if service == "dynamodb":
        items = actions.dynamodb_transaction_checks(action, body, REGION, ACCOUNT_ID)
        tables = [(action, arn) for arn in actions.dynamodb_resource_arns(body, REGION, ACCOUNT_ID)]
        return [Right(*one) for one in items or tables or [(action, "*")]]
    arn = actions.extract_resource_arn(service, method, path, headers, body, parameters, REGION, ACCOUNT_ID)
    return [Right(action, arn)]
