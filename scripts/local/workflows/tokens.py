"""Task tokens: each attempt of a callback has its own, and it names the state machine, for which IAM is asked."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import Any

from scripts.local import engine


def make(machine_arn: str) -> str:
    """A new token of an execution of this state machine."""
    text = json.dumps({"id": uuid.uuid4().hex, "machine": machine_arn})
    return base64.urlsafe_b64encode(text.encode()).decode()


def machine_of(token: str) -> str | None:
    """The state machine that a token is of; None if it is no token."""
    try:
        return str(json.loads(base64.urlsafe_b64decode(token.encode()))["machine"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None


def install() -> None:
    """SendTaskSuccess and its like name no resource but the token; what is none is an InvalidToken."""
    actions, workflows = engine.core("iam_actions"), engine.service("stepfunctions")
    extract = actions.extract_resource_arn

    def resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        found = str(extract(service, method, path, headers, body, *rest))
        if service != "states" or found != "*":
            return found
        return machine_of(_token_in(body)) or found

    actions.extract_resource_arn = resource_arn
    for name in ("success", "failure", "heartbeat"):
        setattr(workflows, f"_send_task_{name}", _refusing(getattr(workflows, f"_send_task_{name}")))


def _refusing(send: Any) -> Any:
    def checked(data: dict[str, Any]) -> Any:
        """A token that is none is invalid; one whose task is over has timed out, as AWS says of both."""
        workflows, token = engine.service("stepfunctions"), str(data.get("taskToken"))
        if token in workflows._task_tokens:
            return send(data)
        code = "TaskTimedOut" if machine_of(token) else "InvalidToken"
        return engine.core("responses").error_response_json(code, f"{code}: the task of this token is not waiting", 400)

    return checked


def _token_in(body: bytes) -> str:
    try:
        return str(json.loads(body).get("taskToken"))
    except (ValueError, AttributeError):
        return ""
