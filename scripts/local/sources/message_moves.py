"""SQS message move tasks: start, list and cancel moving the messages of a dead-letter queue."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.local import engine, roles

_RATE_LIMIT = 500
_KEPT_TASKS = 10
_SOURCE_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
Answer = dict[str, Any]


@dataclass(slots=True)
class MoveTask:
    """A task; times are Unix milliseconds. `to_move` are the ids of the messages that were there at its start."""

    source: str
    destination: str | None
    rate: int | None
    to_move: list[str]
    status: str = "RUNNING"
    moved: int = 0
    failure: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: int = field(default_factory=lambda: int(time.time() * 1000))

    @property
    def handle(self) -> str:
        return base64.b64encode(json.dumps({"taskId": self.id, "sourceArn": self.source}).encode()).decode()

    def entry(self) -> Answer:
        """The task as ListMessageMoveTasks tells it; only a running task has a handle."""
        found = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "Status": self.status,
            "SourceArn": self.source,
            "DestinationArn": self.destination,
            "MaxNumberOfMessagesPerSecond": self.rate,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": len(self.to_move),
            "FailureReason": self.failure,
            "StartedTimestamp": self.started,
        }
        return {name: value for name, value in found.items() if value is not None}


class MessageMoves:
    """The message move tasks of all queues: one at a time per source, the last ten are remembered."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._queues = engine.service("sqs")
        self._tasks: dict[str, list[MoveTask]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def install(self) -> None:
        self._queues._HANDLERS.update(
            StartMessageMoveTask=self._start, ListMessageMoveTasks=self._list, CancelMessageMoveTask=self._cancel
        )
        actions = engine.core("iam_actions")
        extract = actions.extract_resource_arn

        def resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
            """These calls name their queue by ARN or by the handle of the task."""
            found = str(extract(service, method, path, headers, body, *rest))
            return _source_arn(body) or found if service == "sqs" and found == "*" else found

        actions.extract_resource_arn = resource_arn

    def _start(self, request: dict[str, Any], _url: str) -> Answer:
        source, destination = str(request.get("SourceArn")), request.get("DestinationArn")
        queue = self._queue(source, "SourceArn")
        if destination:
            self._queue(destination, "DestinationArn")
        rate = request.get("MaxNumberOfMessagesPerSecond")
        if rate is not None and not 1 <= int(rate) <= _RATE_LIMIT:
            raise self._queues._Err(
                "InvalidParameterValue",
                f"Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid. "
                f"Reason: You must enter a value between 1 and {_RATE_LIMIT}.",
            )
        if not self._origins(source):
            raise self._queues._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        self._authorize(source, destination)
        tasks = self._tasks.setdefault(source, [])
        if tasks and tasks[0].status in ("RUNNING", "CANCELLING"):
            raise self._queues._Err(
                "UnsupportedOperation",
                "There is already a task running. Only one active task is allowed for a source queue arn at a given "
                "time.",
            )
        task = MoveTask(source, destination, rate and int(rate), [message["id"] for message in queue["messages"]])
        tasks.insert(0, task)
        del tasks[_KEPT_TASKS:]
        running = asyncio.get_running_loop().create_task(self._run(task))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return {"TaskHandle": task.handle}

    def _authorize(self, source: str, destination: str | None) -> None:
        """Moving is receiving, deleting and sending: a role needs the rights to each."""
        caller = str(engine.core("iam_evaluator").caller_arn())
        if ":assumed-role/" not in caller:
            return
        role = caller.split(":assumed-role/", 1)[1].split("/", 1)[0]
        needed = [(action, source) for action in _SOURCE_ACTIONS]
        needed += [("sqs:SendMessage", arn) for arn in ([destination] if destination else self._origins(source))]
        for action, arn in needed:
            if not roles.allows(role, action, arn):
                message = f"User: {caller} is not authorized to perform: {action} on resource: {arn}"
                raise self._queues._Err("AccessDeniedException", message, 403)

    def _list(self, request: dict[str, Any], _url: str) -> Answer:
        source = str(request.get("SourceArn"))
        self._queue(source, "SourceArn")
        count = min(int(request.get("MaxResults") or 1), _KEPT_TASKS)
        return {"Results": [task.entry() for task in self._tasks.get(source, [])[:count]]}

    def _cancel(self, request: dict[str, Any], _url: str) -> Answer:
        tasks = (task for tasks in self._tasks.values() for task in tasks)
        task = next((task for task in tasks if task.handle == request.get("TaskHandle")), None)
        if task is None:
            raise self._queues._Err("ResourceNotFoundException", "Task does not exist.", 404)
        if task.status != "RUNNING":
            raise self._queues._Err("UnsupportedOperation", "Only active tasks can be cancelled.")
        task.status = "CANCELLING"
        return {"ApproximateNumberOfMessagesMoved": task.moved}

    async def _run(self, task: MoveTask) -> None:
        """Move the messages one by one, at most `rate` in a second, until all are moved or the task is cancelled."""
        for message_id in task.to_move:
            if task.status == "CANCELLING":
                break
            task.failure = self._move(task, message_id)
            if task.failure:
                break
            self._changed()
            await asyncio.sleep(1 / task.rate if task.rate else 0)
        task.status = "FAILED" if task.failure else "CANCELLED" if task.status == "CANCELLING" else "COMPLETED"

    def _move(self, task: MoveTask, message_id: str) -> str | None:
        """Move a message unless a consumer has it; the reason of the failure when nobody knows where to."""
        source, now = self._queues._queue_by_arn(task.source), time.time()
        messages = source["messages"] if source else []
        message = next((item for item in messages if item["id"] == message_id and item["visible_at"] <= now), None)
        if message is None:
            return None
        system = dict(message.get("sys") or {})
        origin = system.pop("DeadLetterQueueSourceArn", None)
        destination = self._queues._queue_by_arn(task.destination or origin or "")
        if destination is None:
            return "CouldNotDetermineMessageSource"
        system["SentTimestamp"] = str(int(now * 1000))
        fresh = {"id": str(uuid.uuid4()), "sys": system, "sent_at": now, "visible_at": now, "enqueued_at": now}
        unread = {"receipt_handle": None, "receive_count": 0, "first_receive_at": None}
        if destination["is_fifo"]:
            destination["fifo_seq"] += 1
            fresh["seq"] = str(destination["fifo_seq"]).zfill(20)
        messages.remove(message)
        destination["messages"].append({**message, **fresh, **unread})
        task.moved += 1
        self._queues.esm_wake.set()
        return None

    def _queue(self, arn: str, parameter: str) -> dict[str, Any]:
        queue: dict[str, Any] | None = self._queues._queue_by_arn(arn)
        if queue is None:
            raise self._queues._Err(
                "ResourceNotFoundException",
                f"The resource that you specified for the {parameter} parameter doesn't exist.",
                404,
            )
        return queue

    def _origins(self, arn: str) -> list[str]:
        """The queues whose redrive policy names a queue; those that Lambda or SNS fill have none."""
        return [
            queue["attributes"]["QueueArn"]
            for queue in self._queues._queues.values()
            if json.loads(queue["attributes"].get("RedrivePolicy") or "{}").get("deadLetterTargetArn") == arn
        ]


def _source_arn(body: bytes) -> str:
    """The queue of a request by its SourceArn or its TaskHandle; empty when it has neither."""
    try:
        request = json.loads(body)
        handle = request.get("TaskHandle")
        return str(json.loads(base64.b64decode(handle))["sourceArn"] if handle else request.get("SourceArn") or "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
