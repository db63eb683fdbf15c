"""Task states: the execution role's rights, Lambda through the one invoke path with AWS's error names, callbacks."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

from scripts.local import engine
from scripts.local.functions import aliases
from scripts.local.functions.aliases import FunctionNotFoundError
from scripts.local.functions.async_invocations import AsyncInvocations
from scripts.local.functions.functions import Functions, RequestTooLargeError, Result
from scripts.local.functions.invocations import Source
from scripts.local.workflows import rights, sdk_calls
from scripts.local.workflows.run import Run
from scripts.local.workflows.runs import Runs

CALLBACK = ".waitForTaskToken"
FOREVER = 99999999
"""Seconds that a callback is waited for without TimeoutSeconds, as AWS documents it."""


class Tasks:
    """Runs the resource of a Task state."""

    def __init__(self, functions: Functions, asynchronous: AsyncInvocations, runs: Runs) -> None:
        self._functions = functions
        self._asynchronous = asynchronous
        self._runs = runs
        self._workflows = engine.service("stepfunctions")
        self._invoke_other = self._workflows._invoke_resource

    def install(self) -> None:
        self._workflows._invoke_resource = self.invoke
        sdk_calls.install()

    def invoke(self, resource: str, arguments: Any) -> Any:
        """Call a resource with the rights of the running execution; raises the engine's _ExecutionError."""
        run = self._runs.current()
        if run is None:
            return self._invoke_other(resource, arguments)
        run.require_running()
        try:
            return self._call(run, resource, arguments)
        except self._workflows._ExecutionError:
            run.require_running()
            raise

    def _call(self, run: Run, resource: str, arguments: Any) -> Any:
        if resource.startswith("arn:aws:states:::aws-sdk:"):
            with sdk_calls.as_role(run.role, resource):
                return self._invoke_other(resource, arguments)
        rights.require(run.role, rights.of_task(resource, arguments))
        if resource.startswith(rights.LAMBDA):
            return self._invoke_function(arguments)
        if ":function:" in resource:
            return json.loads(self._run(resource, arguments).payload)
        run.in_activity = ":activity:" in resource
        try:
            return self._invoke_other(resource, arguments)
        finally:
            run.in_activity = False

    def _invoke_function(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """lambda:invoke: the answer of Lambda's Invoke API with the payload parsed."""
        arn, payload = rights.function_arn(arguments), arguments.get("Payload", {})
        if arguments.get("InvocationType") == "Event":
            name, qualifier = aliases.split_reference(arn)
            request_id = self._asynchronous.submit(name, qualifier, payload, Source.WORKFLOW)
            return {"StatusCode": 202, "SdkResponseMetadata": {"RequestId": request_id}}
        result = self._run(arn, payload)
        return {
            "ExecutedVersion": result.executed_version,
            "Payload": json.loads(result.payload),
            "SdkResponseMetadata": {"RequestId": result.request_id},
            "StatusCode": 200,
        }

    def _run(self, reference: str, event: Any) -> Result:
        """Run a function; raises its own error type, or Lambda's exception under the names that AWS documents."""
        try:
            result = self._functions.invoke(*aliases.split_reference(reference), event, Source.WORKFLOW)
        except FunctionNotFoundError as error:
            raise self._lambda_error("ResourceNotFoundException", 404, str(error)) from error
        except RequestTooLargeError as error:
            raise self._lambda_error("RequestTooLargeException", 413, str(error)) from error
        if result.throttle:
            raise self._lambda_error("TooManyRequestsException", 429, "Rate Exceeded.")
        if result.failed:
            body = json.loads(result.payload)
            kind = body.get("errorType") if isinstance(body, dict) else None
            raise self._workflows._ExecutionError(kind or "Lambda.Unknown", result.payload.decode())
        return result

    def _lambda_error(self, name: str, status: int, message: str) -> Exception:
        cause = (
            f"{message} (Service: AWSLambda; Status Code: {status}; Error Code: {name}; "
            f"Request ID: {uuid.uuid4()}; Proxy: null)"
        )
        error: Exception = self._workflows._ExecutionError(f"Lambda.{name}", cause)
        return error

    def invoke_and_wait(self, state: dict[str, Any], arguments: Any, token: str, seconds: float | None) -> Any:
        """The callback pattern: call, then wait so long for SendTaskSuccess or SendTaskFailure with the token."""
        tokens, answered, run = self._workflows._task_tokens, threading.Event(), self._runs.current()
        known = run.token(state) if run else None
        token = known or token
        tokens[token] = {"event": answered, "result": None, "error": None, "heartbeat": None}
        try:
            if known is None:
                self.invoke(state["Resource"].replace(CALLBACK, ""), arguments)
            if run:
                run.keep_token(state, token)
            if not self._runs.wait(answered, FOREVER if seconds is None else seconds):
                raise self._workflows._ExecutionError("States.Timeout", "")
            info = dict(tokens[token])
        finally:
            tokens.pop(token, None)
            if run and run.goes_on:
                run.forget_token(state)
        if info["error"]:
            raise self._workflows._ExecutionError(info["error"].get("Error", ""), info["error"].get("Cause", ""))
        return json.loads(info["result"] or "{}")
