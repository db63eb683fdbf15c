"""Sending an event to the very target of a rule or a schedule that did not take it, in the form that it gets there."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from scripts.console import Failure as Impossible
from scripts.console import fail
from scripts.oncall.redrive.envelopes import Failure, Kind, attributes
from scripts.oncall.redrive.topology import targets

if TYPE_CHECKING:
    from collections.abc import Callable

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")


class Targets:
    """`client` makes a client of a service by its name; `bus` is the bus of the stack's rules."""

    def __init__(self, client: Callable[[str], Any], bus: str) -> None:
        self._client = client
        self._bus = bus

    def delivery(self, failure: Failure) -> tuple[str, Callable[[], None]]:
        """Return what is done, and how.

        Raises:
            Failure: the target is gone or of a kind that cannot be called from here.
        """
        arn, body = attributes(failure.message)["TARGET_ARN"], str(failure.message["Body"])
        target: dict[str, Any] = {"Arn": arn}
        if failure.kind is Kind.RULE:
            target = self._target(failure, arn)
            body = shape(target, failure.body)
        _, _, service, _, _, name = arn.split(":", 5)
        match service:
            case "lambda":
                return f"invoke {name.removeprefix('function:')} asynchronously", lambda: self._invoke(arn, body)
            case "sqs":
                return f"send to queue {name}", lambda: self._send(name, target, body)
            case "sns":
                return f"publish to topic {name}", lambda: self._publish(arn, body)
            case "states":
                execution = execution_name(failure)
                text = f"start {name.removeprefix('stateMachine:')} as {execution}"
                return text, lambda: self._start(arn, execution, body)
        raise Impossible(
            f"a target of {service} ({arn}) cannot be called from here",
            "replay its event from the archive, which goes through the rule: make replay ARGS='--rule ... --from ...'",
        )

    def _target(self, failure: Failure, arn: str) -> dict[str, Any]:
        rule = attributes(failure.message)["RULE_ARN"].partition(":rule/")[2].rpartition("/")[2]
        events = self._client("events")
        try:
            found = [one for one in targets(events, self._bus, rule) if one["Arn"] == arn]
        except events.exceptions.ResourceNotFoundException:
            found = []
        if not found:
            fail(f"rule {rule} has no target {arn} any more", "deploy it again, or --purge the message")
        return found[0]

    def _invoke(self, arn: str, body: str) -> None:
        self._client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=body.encode())

    def _send(self, name: str, target: dict[str, Any], body: str) -> None:
        sqs = self._client("sqs")
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body, **({"MessageGroupId": group} if group else {}))

    def _publish(self, arn: str, body: str) -> None:
        self._client("sns").publish(TopicArn=arn, Message=body)

    def _start(self, arn: str, execution: str, body: str) -> None:
        states = self._client("stepfunctions")
        try:
            states.start_execution(stateMachineArn=arn, name=execution, input=body)
        except states.exceptions.ExecutionAlreadyExists:
            # An earlier run was interrupted between the start and the deletion of the message.
            return


def execution_name(failure: Failure) -> str:
    """Return the same name for the same message: a workflow is not started twice by two replays of it."""
    return f"redrive-{hashlib.sha256(failure.id.encode()).hexdigest()[:24]}"


def shape(target: dict[str, Any], event: Any) -> str:
    """Return what a rule's target gets of an event: Input, InputPath or InputTransformer applied."""
    if "Input" in target:
        return str(target["Input"])
    if path := target.get("InputPath"):
        return json.dumps(_at(path, event))
    if transformer := target.get("InputTransformer"):
        return _transformed(transformer, event)
    return json.dumps(event)


def _transformed(transformer: dict[str, Any], event: Any) -> str:
    values = {name: _at(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event.get("time"),
    }
    template = str(transformer["InputTemplate"])

    def fill(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        # Inside quotes a text goes in as it is; elsewhere a value is JSON.
        quoted = template[: match.start()].count('"') % 2 == 1
        return value if quoted and isinstance(value, str) else json.dumps(value)

    filled = _PLACEHOLDER.sub(fill, template)
    # What refers to nothing, or to the rule, is better refused than delivered wrong.
    try:
        json.loads(filled)
    except ValueError:
        fail(
            "the input transformer of the target makes no JSON of this event",
            "replay its event from the archive instead",
        )
    return filled


def _at(path: str, event: Any) -> Any:
    from jsonpath import findall

    found = findall(path, event)
    return found[0] if found else None
