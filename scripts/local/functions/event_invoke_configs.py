"""Event invoke configs: how a function, by qualifier, is invoked asynchronously.

AWS gives back what was set and no defaults, and takes no qualifier to be $LATEST.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.local import engine

DEFAULT_RETRIES = 2
DEFAULT_AGE_SECONDS = 6 * 60 * 60
_OPTIONAL = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a function (by qualifier) is invoked asynchronously; ages in seconds, destinations as ARNs."""

    retries: int = DEFAULT_RETRIES
    maximum_age: float = DEFAULT_AGE_SECONDS
    on_success: str | None = None
    on_failure: str | None = None
    reserved: int | None = None


def settings(function: str, qualifier: str | None) -> Settings:
    """The event invoke config of exactly this qualifier; that of an alias is not that of its version."""
    base = engine.service("lambda_svc")._functions.get(function) or {}
    configs = base.get("event_invoke_configs") or {}
    found: dict[str, Any] = configs.get(_plain(qualifier) or "") or {}
    to = found.get("DestinationConfig") or {}
    retries, age = found.get("MaximumRetryAttempts"), found.get("MaximumEventAgeInSeconds")
    return Settings(
        DEFAULT_RETRIES if retries is None else int(retries),
        DEFAULT_AGE_SECONDS if age is None else float(age),
        (to.get("OnSuccess") or {}).get("Destination"),
        (to.get("OnFailure") or {}).get("Destination"),
        base.get("concurrency"),
    )


def install() -> None:
    """Ministack keeps $LATEST apart from no qualifier and fills in defaults, which Terraform then plans to remove."""
    service = engine.service("lambda_svc")
    put = service._put_event_invoke_config

    def put_what_is_set(name: str, qualifier: str | None, request: dict[str, Any]) -> Any:
        answer = put(name, _plain(qualifier), request)
        if answer[0] != 200:
            return answer
        config = service._functions[name]["event_invoke_configs"][_plain(qualifier) or ""]
        config["FunctionArn"] = f"{service._func_arn(name)}:{qualifier or '$LATEST'}"
        for setting in _OPTIONAL:
            if request.get(setting) is None:
                del config[setting]
        return service.json_response(config)

    service._put_event_invoke_config = put_what_is_set
    for operation in ("_get_event_invoke_config", "_delete_event_invoke_config"):
        setattr(service, operation, _without_latest(getattr(service, operation)))


def _without_latest(operation: Callable[[str, str | None], Any]) -> Callable[..., Any]:
    return lambda name, qualifier=None: operation(name, _plain(qualifier))


def _plain(qualifier: str | None) -> str | None:
    return None if qualifier == "$LATEST" else qualifier
