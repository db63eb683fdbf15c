"""Which queues take failures, and what fails into them. Read from AWS itself, so a new service needs no line here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scripts.deployed import Deployed

ATTRIBUTES = ["QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "RedrivePolicy"]


@dataclass(frozen=True, slots=True)
class StreamTrigger:
    """An event source mapping of a stream: what it invokes, and the patterns of the records that it delivers."""

    stream_arn: str
    alias_arn: str
    patterns: tuple[str, ...]


@dataclass(slots=True)
class FailureQueue:
    """A queue in which failures end. `waiting` and `in_flight` are SQS's approximate counts.

    `sources` are the queues whose dead letters it takes; `feeders` tells a person all that fails into it. A state
    machine, whose failed executions are its own queue, has in `machine` the ARN to start it by.
    """

    name: str
    url: str
    arn: str
    waiting: int = 0
    in_flight: int = 0
    sources: list[str] = field(default_factory=list)
    streams: list[StreamTrigger] = field(default_factory=list)
    feeders: list[str] = field(default_factory=list)
    machine: str = ""


def read(stack: Deployed) -> list[FailureQueue]:
    """Return every failure queue of the stack, sorted by name.

    A queue takes failures when a queue, a function, a mapping, a rule, a schedule or a topic's subscription names it as
    the place for what failed, or when the stack's outputs do.
    """
    queues = _queues(stack)
    by_arn = {queue.arn: queue for queue in queues.values()}
    named = {str(url) for url in stack.outputs.get("failure_queues", {}).values()}
    _feed_functions(stack, by_arn)
    _feed_rules(stack, by_arn)
    _feed_schedules(stack, by_arn)
    found = [queue for queue in queues.values() if queue.feeders or queue.url in named]
    return sorted(found, key=lambda queue: queue.name)


def _queues(stack: Deployed) -> dict[str, FailureQueue]:
    client = stack.environment.client("sqs")
    found: dict[str, FailureQueue] = {}
    letters: list[tuple[str, str]] = []
    for page in client.get_paginator("list_queues").paginate(QueueNamePrefix=f"{stack.name}-"):
        for url in page.get("QueueUrls", []):
            known = client.get_queue_attributes(QueueUrl=url, AttributeNames=ATTRIBUTES)["Attributes"]
            waiting, in_flight = (int(known[name]) for name in ATTRIBUTES[1:3])
            found[url] = FailureQueue(url.rpartition("/")[2], url, known["QueueArn"], waiting, in_flight)
            if target := dead_letter_target(known):
                letters.append((target, url))
    by_arn = {queue.arn: queue for queue in found.values()}
    for target, source in letters:
        if target in by_arn:
            by_arn[target].sources.append(source)
            by_arn[target].feeders.append(f"queue {source.rpartition('/')[2]}")
    return found


def dead_letter_target(attributes: dict[str, str]) -> str:
    """Return the ARN of a queue's dead-letter queue; "" if it has none."""
    import json

    return str(json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn", ""))


def _feed_functions(stack: Deployed, queues: dict[str, FailureQueue]) -> None:
    client = stack.environment.client("lambda")
    for key, function in sorted(stack.outputs["functions"].items()):
        for page in client.get_paginator("list_function_event_invoke_configs").paginate(FunctionName=function["name"]):
            for config in page["FunctionEventInvokeConfigs"]:
                _feed(queues, _on_failure(config), f"events of {key}")
        # Mappings are listed by the very target they name.
        for page in client.get_paginator("list_event_source_mappings").paginate(FunctionName=function["alias_arn"]):
            for mapping in page["EventSourceMappings"]:
                queue = _feed(queues, _on_failure(mapping), f"stream to {key}")
                if queue is not None:
                    patterns = tuple(one["Pattern"] for one in (mapping.get("FilterCriteria") or {}).get("Filters", []))
                    trigger = StreamTrigger(mapping["EventSourceArn"], mapping["FunctionArn"], patterns)
                    queue.streams.append(trigger)


def _on_failure(config: dict[str, Any]) -> str:
    destinations = config.get("DestinationConfig") or {}
    return str((destinations.get("OnFailure") or {}).get("Destination") or "")


def _feed_rules(stack: Deployed, queues: dict[str, FailureQueue]) -> None:
    client = stack.environment.client("events")
    bus = stack.outputs["event_bus_name"]
    for page in client.get_paginator("list_rules").paginate(EventBusName=bus):
        for rule in page["Rules"]:
            for target in targets(client, bus, rule["Name"]):
                _feed(queues, str((target.get("DeadLetterConfig") or {}).get("Arn", "")), f"rule {rule['Name']}")


def targets(client: Any, bus: str, rule: str) -> list[dict[str, Any]]:
    """Return the targets of a rule."""
    pages = client.get_paginator("list_targets_by_rule").paginate(EventBusName=bus, Rule=rule)
    return [target for page in pages for target in page["Targets"]]


def _feed_schedules(stack: Deployed, queues: dict[str, FailureQueue]) -> None:
    client = stack.environment.client("scheduler")
    for page in client.get_paginator("list_schedules").paginate(NamePrefix=f"{stack.name}-"):
        for one in page["Schedules"]:
            schedule = client.get_schedule(GroupName=one["GroupName"], Name=one["Name"])
            letters = schedule["Target"].get("DeadLetterConfig") or {}
            _feed(queues, str(letters.get("Arn", "")), f"schedule {one['Name']}")


def _feed(queues: dict[str, FailureQueue], arn: str, feeder: str) -> FailureQueue | None:
    queue = queues.get(arn)
    if queue is not None and feeder not in queue.feeders:
        queue.feeders.append(feeder)
    return queue
