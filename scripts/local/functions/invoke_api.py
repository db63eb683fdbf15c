"""Lambda's Invoke API, and the functions through which ministack's other services invoke, on the shared path."""

from __future__ import annotations

import base64
import json
from typing import Any

from scripts.local import engine
from scripts.local.functions import aliases
from scripts.local.functions.aliases import FunctionNotFoundError
from scripts.local.functions.async_invocations import AsyncInvocations
from scripts.local.functions.functions import Functions, RequestTooLargeError, Result, inbound_trace
from scripts.local.functions.invocations import Source

Answer = tuple[int, dict[str, str], bytes]
ASYNC_LIMIT_BYTES = 1024 * 1024
REQUEST_ID = "x-amzn-RequestId"


def install(functions: Functions, asynchronous: AsyncInvocations) -> None:
    """Take over Invoke and every internal invocation."""
    service = engine.service("lambda_svc")
    find_record = service._get_func_record_for_ref

    async def invoke(
        name: str,
        event: object,
        headers: dict[str, str],
        path_qualifier: str | None = None,
        query_params: dict[str, Any] | None = None,
    ) -> Answer:
        qualifier = path_qualifier or service._qp_first(query_params or {}, "Qualifier") or None
        kind = headers.get("x-amz-invocation-type", "RequestResponse")
        inbound_trace.set(headers.get("x-amzn-trace-id", ""))
        try:
            target = aliases.resolve(name, qualifier)
            if kind == "DryRun":
                return 204, {"X-Amz-Executed-Version": target.version}, b""
            if kind == "Event":
                return _start_async(asynchronous, target, event)
            run = engine.core("concurrency").run_reentrant
            result = await run(functions.invoke, name, qualifier, event, Source.DIRECT, thread_name="invoke")
        except FunctionNotFoundError as error:
            return _error("ResourceNotFoundException", str(error), 404)
        except RequestTooLargeError as error:
            return _error("RequestTooLargeException", str(error), 413)
        return _invoke_answer(result, headers)

    def execute(record: dict[str, Any], event: object) -> dict[str, Any]:
        """Ministack's choke point: all its services end here with a record whose ARN names the qualifier."""
        config = record.get("config") or record
        name, qualifier = aliases.split_reference(config["FunctionArn"])
        try:
            return _as_ministack(functions.invoke(name, qualifier, event, Source.SERVICE))
        except (FunctionNotFoundError, RequestTooLargeError) as error:
            body = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"body": body, "error": True, "log": ""}

    def record_for_reference(reference: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None, str]:
        """Keep the caller's qualifier in the ARN."""
        record, config, name = find_record(reference)
        if record is None:
            return record, config, name
        qualifier = aliases.split_reference(reference)[1]
        return *_qualified(service, record, name, qualifier), name

    service._invoke = invoke
    service._execute_function = execute
    service._get_func_record_for_ref = record_for_reference
    service._emit_lambda_metrics = lambda *_, **__: None
    _answer_with_the_id_of_the_invocation()


def _answer_with_the_id_of_the_invocation() -> None:
    """The request id of an Invoke call is the one that the function saw; ministack adds another to every answer."""
    app = engine.app()
    header_list = app._asgi_header_list

    def with_one_request_id(headers: dict[str, Any]) -> Any:
        if REQUEST_ID in headers:
            headers = {name: value for name, value in headers.items() if name != REQUEST_ID.lower()}
        return header_list(headers)

    app._asgi_header_list = with_one_request_id


def _qualified(
    service: Any, record: dict[str, Any], name: str, qualifier: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    if qualifier in (None, "$LATEST"):
        return record, record["config"]
    config = {**record["config"], "FunctionArn": f"{service._func_arn(name)}:{qualifier}"}
    return {**record, "config": config}, config


def _start_async(asynchronous: AsyncInvocations, target: aliases.Target, event: object) -> Answer:
    size = len(json.dumps(event, ensure_ascii=False).encode())
    if size > ASYNC_LIMIT_BYTES:
        message = f"{size} byte payload is too large for the Event invocation type (limit {ASYNC_LIMIT_BYTES} bytes)"
        return _error("RequestTooLargeException", message, 413)
    request_id = asynchronous.submit(target.name, target.qualifier, event, Source.DIRECT)
    return 202, {REQUEST_ID: request_id}, b""


def _invoke_answer(result: Result, headers: dict[str, str]) -> Answer:
    if result.throttle:
        return 429, {"Content-Type": "application/json", "x-amzn-ErrorType": "TooManyRequestsException"}, result.payload
    answer = {
        "Content-Type": "application/json",
        "X-Amz-Executed-Version": result.executed_version,
        REQUEST_ID: result.request_id,
    }
    if result.failed:
        answer["X-Amz-Function-Error"] = "Unhandled"
    if headers.get("x-amz-log-type", "").lower() == "tail":
        answer["X-Amz-Log-Result"] = base64.b64encode(result.log_tail).decode()
    return 200, answer, result.payload


def _as_ministack(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = {"body": json.loads(result.payload), "log": ""}
    if result.failed:
        found.update(error=True, function_error="Unhandled")
    if result.throttle:
        found["throttle"] = True
    return found


def _error(code: str, message: str, status: int) -> Answer:
    body = json.dumps({"Type": "User", "Message": message, "message": message}).encode()
    return status, {"Content-Type": "application/json", "x-amzn-ErrorType": code}, body
