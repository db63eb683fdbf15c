"""One attempt to give an event to a target: the call that EventBridge or Scheduler makes, or the error it ends with."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.local import engine
from scripts.local.functions import aliases
from scripts.local.functions.aliases import FunctionNotFoundError
from scripts.local.functions.async_invocations import AsyncInvocations
from scripts.local.functions.functions import inbound_trace
from scripts.local.functions.invocations import Source
from scripts.local.targets import target_access
from scripts.local.targets.target_access import EVENTS

_RETRIED_STATUSES = (401, 407, 409, 429)
_ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "states": "states:StartExecution",
    "events": "events:PutEvents",
}


@dataclass(slots=True)
class Delivery:
    """One event for one target, as JSON values, because what waits for a retry is saved with the state.

    `principal` is who delivers, `source_arn` the rule or schedule, `payload` what the target gets, `letter` what a
    dead-letter queue gets; times are Unix seconds; `attempts` counts the calls that were made.
    """

    id: str
    principal: str
    source_arn: str
    target: dict[str, Any]
    payload: str
    letter: str
    accepted: float
    due: float
    event: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    trace: str = ""
    attempts: int = 0

    @property
    def arn(self) -> str:
        return str(self.target["Arn"])

    @property
    def service(self) -> str:
        return self.arn.split(":")[2]

    @property
    def is_api_destination(self) -> bool:
        return self.service == "events" and ":api-destination/" in self.arn


class TargetError(Exception):
    """A target did not take an event. `code` is EventBridge's, `api_code` that of the API, as Scheduler tells it."""

    def __init__(self, code: str, message: str, *, api_code: str | None = None, retriable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.api_code = api_code or code
        self.retriable = retriable


def call(delivery: Delivery, asynchronous: AsyncInvocations) -> None:
    """Deliver once, on the event loop (API destinations: on a thread of its own); raises TargetError."""
    calls: dict[str, Callable[[Delivery], None]] = {
        "lambda": lambda item: _invoke(item, asynchronous),
        "sqs": _send,
        "sns": _publish,
        "states": _start_execution,
        "events": _call_api_destination if delivery.is_api_destination else _put_event,
    }
    make = calls.get(delivery.service)
    if make is None:
        raise TargetError("INVALID_PARAMETER", f"{delivery.arn} is not a kind of target that is delivered to here.")
    trace = inbound_trace.set(delivery.trace)
    try:
        make(delivery)
    finally:
        inbound_trace.reset(trace)


def authorize(delivery: Delivery, action: str) -> None:
    """Check the role of the target, or, where EventBridge has none, the policy of the resource."""
    role = delivery.target.get("RoleArn")
    if role and not target_access.assumable(role, delivery.principal, delivery.source_arn):
        raise TargetError(
            "FAILED_TO_ASSUME_ROLE", f"{delivery.principal} cannot assume {role}.", api_code="AccessDeniedException"
        )
    if role:
        allowed = target_access.role_allows(role, action, delivery.arn)
    elif delivery.service == "events" and not delivery.is_api_destination:
        allowed = True
    else:
        allowed = target_access.resource_allows(delivery.principal, action, delivery.arn, delivery.source_arn)
    if not allowed:
        who = role or f"{delivery.principal} for {delivery.source_arn}"
        raise TargetError(
            "NO_PERMISSIONS",
            f"{who} is not authorized to perform: {action} on resource: {delivery.arn}",
            api_code="AccessDeniedException",
        )


def send_to_queue(url: str, body: str, **more: Any) -> None:
    """Send a message on the event loop; raises TargetError."""
    queues = engine.service("sqs")
    try:
        queues._act_send_message({"QueueUrl": url, "MessageBody": body, **more}, url)
    except queues._Err as error:
        raise TargetError("ERROR_FROM_TARGET", error.message, api_code=error.code) from error


def _invoke(delivery: Delivery, asynchronous: AsyncInvocations) -> None:
    name, qualifier = aliases.split_reference(delivery.arn)
    try:
        aliases.resolve(name, qualifier)
    except FunctionNotFoundError as error:
        raise _missing(str(error), "ResourceNotFoundException") from error
    authorize(delivery, _ACTIONS["lambda"])
    try:
        event = json.loads(delivery.payload)
    except ValueError as error:
        raise TargetError("INVALID_JSON", "The input of the function is not JSON.") from error
    source = Source.RULE if delivery.principal == EVENTS else Source.SCHEDULE
    asynchronous.submit(name, qualifier, event, source, trace=delivery.trace)


def _send(delivery: Delivery) -> None:
    queue = engine.service("sqs")._queue_by_arn(delivery.arn)
    if queue is None:
        message = "The specified queue does not exist for this wsdl version."
        raise _missing(message, "AWS.SimpleQueueService.NonExistentQueue")
    authorize(delivery, _ACTIONS["sqs"])
    group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
    send_to_queue(queue["url"], delivery.payload, **({"MessageGroupId": group} if group else {}))


def _publish(delivery: Delivery) -> None:
    topics = engine.service("sns")
    if delivery.arn not in topics._topics:
        raise _missing("Topic does not exist", "NotFoundException")
    authorize(delivery, _ACTIONS["sns"])
    try:
        topics.publish_internal(delivery.arn, delivery.payload)
    except topics.SnsPublishError as error:
        raise TargetError("ERROR_FROM_TARGET", str(error)) from error


def _start_execution(delivery: Delivery) -> None:
    workflows = engine.service("stepfunctions")
    if workflows._resolve_state_machine_arn(delivery.arn) is None:
        raise _missing(f"State Machine Does Not Exist: '{delivery.arn}'", "StateMachineDoesNotExist")
    authorize(delivery, _ACTIONS["states"])
    status, _, body = workflows._start_execution({"stateMachineArn": delivery.arn, "input": delivery.payload})
    _raise_for(status, body)


def _put_event(delivery: Delivery) -> None:
    """To another bus: a rule forwards the event itself, a schedule puts its input as the detail."""
    buses = engine.service("eventbridge")
    name = delivery.arn.partition(":event-bus/")[2]
    if name not in buses._event_buses and name != "default":
        raise _missing(f"Event bus {name} does not exist.", "ResourceNotFoundException")
    authorize(delivery, _ACTIONS["events"])
    if delivery.principal == EVENTS:
        spec = engine.core("arn").parse_arn(delivery.arn)
        bus, _, rule = delivery.source_arn.partition(":rule/")[2].rpartition("/")
        rule_record = {"Name": rule, "EventBusName": bus or "default"}
        path = set(delivery.event.get("_DispatchPath") or ())
        buses._dispatch_to_event_bus(spec, delivery.event, rule_record, path)
        return
    parameters = delivery.target.get("EventBridgeParameters") or {}
    entry = {**parameters, "Detail": delivery.payload, "EventBusName": name}
    status, _, body = buses._put_events({"Entries": [entry]})
    _raise_for(status, body)


def _call_api_destination(delivery: Delivery) -> None:
    buses = engine.service("eventbridge")
    name = delivery.arn.partition(":api-destination/")[2].split("/")[0]
    destination = buses._api_destinations.get(name)
    connection_arn = str((destination or {}).get("ConnectionArn"))
    connection = buses._connections.get(connection_arn.partition(":connection/")[2].split("/")[0])
    if destination is None or connection is None:
        raise _missing(f"API destination {name} or its connection does not exist.", "ResourceNotFoundException")
    authorize(delivery, "events:InvokeApiDestination")
    parameters = buses._resolve_http_parameters(
        delivery.target.get("HttpParameters") or {}, json.loads(delivery.letter)
    )
    request = buses._build_api_destination_request(destination, connection, parameters, delivery.payload)
    token = ("", "", connection["Name"])
    try:
        status = buses._api_destination_send_sync(request, buses._connection_auth_headers(connection, token))
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        reason = f"Unable to invoke ApiDestination endpoint: {error}"
        raise TargetError("CONNECTION_FAILURE", reason, retriable=True) from error
    if status >= 300:
        reason = f"Unable to invoke ApiDestination endpoint: the endpoint answered {status}"
        raise TargetError("ERROR_FROM_TARGET", reason, retriable=status in _RETRIED_STATUSES or status >= 500)


def _raise_for(status: int, body: bytes) -> None:
    if status >= 300:
        found = json.loads(body)
        code = str(found.get("__type", "ERROR_FROM_TARGET")).rpartition("#")[2]
        message = str(found.get("message") or found.get("Message") or code)
        raise TargetError("ERROR_FROM_TARGET", message, api_code=code, retriable=status >= 500)


def _missing(message: str, api_code: str) -> TargetError:
    return TargetError("NO_RESOURCE", message, api_code=api_code)
