"""What a replay of each kind of failure does: a plan that says it, and that does it when it is told to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.console import Failure as Impossible
from scripts.console import fail
from scripts.oncall.redrive import executions
from scripts.oncall.redrive.envelopes import Failure, Kind, attributes
from scripts.oncall.redrive.streams import Pointer, Streams
from scripts.oncall.redrive.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.deployed import Deployed
    from scripts.oncall.redrive.topology import StreamTrigger

TRACE = "AWSTraceHeader"


@dataclass(frozen=True, slots=True)
class Plan:
    """`text` says what `run` does; when `run` returns, the origin has accepted it. It raises Failure otherwise."""

    text: str
    run: Callable[[], None]


class Replays:
    """Makes plans; making one only reads. `as_they_are`: stream records show items as the table has them now."""

    def __init__(self, stack: Deployed, *, as_they_are: bool = False) -> None:
        self._as_they_are = as_they_are
        client = stack.environment.client
        self._sqs, self._lambda = client("sqs"), client("lambda")
        self._streams = Streams(client("dynamodb"), client("dynamodbstreams"), client("events"))
        self._states = client("stepfunctions")
        self._targets = Targets(client, stack.outputs["event_bus_name"])

    def plan(self, failure: Failure) -> Plan:
        """Return what would replay this failure.

        Raises:
            Failure: it cannot be replayed; the hint says what to do instead.
        """
        match failure.kind:
            case Kind.QUEUE:
                return self._to_queue(failure)
            case Kind.ASYNC:
                return self._invoke_again(failure)
            case Kind.STREAM:
                return self._records_again(failure)
            case Kind.WORKFLOW:
                name = failure.queue.name
                return Plan(f"start {name} anew with the same input", lambda: executions.start(self._states, failure))
            case Kind.RULE | Kind.SCHEDULE:
                text, run = self._targets.delivery(failure)
                return Plan(text, run)
        raise Impossible(
            f"{failure.id} in {failure.queue.name} has an envelope that is not known",
            "look at it with --show; replay it by hand, or --purge it",
        )

    def _to_queue(self, failure: Failure) -> Plan:
        url = failure.origin
        if url.startswith("arn:"):
            _, _, _, _, account, name = url.split(":")
            url = self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        return Plan(f"send to queue {url.rpartition('/')[2]}", lambda: self._send(url, failure))

    def _send(self, url: str, failure: Failure) -> None:
        message = failure.message
        system = message.get("Attributes") or {}
        options: dict[str, Any] = {}
        if group := system.get("MessageGroupId"):
            # Its own deduplication id would make SQS drop it within five minutes of the first time, unseen.
            options = {"MessageGroupId": group, "MessageDeduplicationId": f"redrive-{failure.id}"}
        if trace := system.get(TRACE):
            options["MessageSystemAttributes"] = {TRACE: {"DataType": "String", "StringValue": trace}}
        own = {
            name: {key: value for key, value in one.items() if key in ("DataType", "StringValue", "BinaryValue")}
            for name, one in (message.get("MessageAttributes") or {}).items()
        }
        self._sqs.send_message(QueueUrl=url, MessageBody=message["Body"], MessageAttributes=own, **options)

    def _invoke_again(self, failure: Failure) -> Plan:
        payload = json.dumps(failure.body["requestPayload"]).encode()
        return Plan(
            f"invoke {_short(failure.origin)} asynchronously with the event",
            lambda: self._invoke_async(failure.origin, payload),
        )

    def _invoke_async(self, function: str, payload: bytes) -> None:
        self._lambda.invoke(FunctionName=function, InvocationType="Event", Payload=payload)

    def _records_again(self, failure: Failure) -> Plan:
        pointer = Pointer.of(failure.body["DDBStreamBatchInfo"])
        trigger = _trigger(failure, pointer)
        found = self._streams.records(pointer, trigger, as_they_are=self._as_they_are)
        if not found.records:
            return Plan("nothing: the trigger's filter now keeps these records away", lambda: None)
        source = f"{len(found.records)} record{'s' * (len(found.records) > 1)} from the {found.place}"
        return Plan(
            f"invoke {_short(trigger.alias_arn)} with {source}",
            lambda: self._invoke_with_records(trigger.alias_arn, found.records),
        )

    def _invoke_with_records(self, function: str, records: list[dict[str, Any]]) -> None:
        """As the trigger would: and wait, since the answer says which records it did not take."""
        answer = self._lambda.invoke(FunctionName=function, Payload=json.dumps({"Records": records}).encode())
        payload = answer["Payload"].read().decode(errors="replace")
        if answer.get("FunctionError"):
            fail(f"{_short(function)} still fails: {payload[:300]}", "correct and release it first; the message stays")
        failed = (json.loads(payload or "null") or {}).get("batchItemFailures") or []
        if failed:
            fail(
                f"{_short(function)} still reports {len(failed)} of {len(records)} records as failed",
                "its log tells why (make logs); correct and release it first; the message stays",
            )


def _trigger(failure: Failure, pointer: Pointer) -> StreamTrigger:
    """The mapping that gave up: it names this queue and that stream."""
    name = failure.origin.split(":")[6]
    for trigger in failure.queue.streams:
        if trigger.stream_arn == pointer.stream_arn and trigger.alias_arn.split(":")[6] == name:
            return trigger
    raise Impossible(
        f"no trigger of {pointer.table} to {name} hands its failures to {failure.queue.name} any more",
        "it was removed or the table was made anew: deploy it, or --purge the message",
    )


def _short(function_arn: str) -> str:
    """<name>:<alias> of a function's ARN."""
    return ":".join(function_arn.split(":")[6:])


def explain(failure: Failure) -> list[tuple[str, str]]:
    """Return what is known of a failure, for a person: names and values."""
    system = failure.message.get("Attributes") or {}
    rows = [
        ("message", failure.id),
        ("queue", failure.queue.name),
        ("kind", failure.kind.value),
        ("origin", failure.origin),
        ("cause", failure.cause),
        ("failed at", f"{failure.failed_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("attempts", str(failure.attempts)),
        ("about", failure.about),
        ("request id", failure.request_id),
        ("trace", str(system.get(TRACE, ""))),
        *sorted(attributes(failure.message).items()),
    ]
    return [(name, value) for name, value in rows if value]
