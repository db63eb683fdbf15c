"""AWS/SQS metrics: what is sent, received and deleted as it happens, how many messages wait and how long by sampling.

On AWS a queue has metrics for six hours after it was used; here for five minutes, so that idle queues cost nothing.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

from scripts.local import engine
from scripts.local.cloudwatch.metrics import MetricStore

NAMESPACE = "AWS/SQS"
ACTIVE_SECONDS = 300.0

_COUNTED = {
    "SendMessage": ("NumberOfMessagesSent", lambda _: 1),
    "SendMessageBatch": ("NumberOfMessagesSent", lambda answer: len(answer.get("Successful", ()))),
    "DeleteMessage": ("NumberOfMessagesDeleted", lambda _: 1),
    "DeleteMessageBatch": ("NumberOfMessagesDeleted", lambda answer: len(answer.get("Successful", ()))),
    "ReceiveMessage": ("NumberOfMessagesReceived", lambda answer: len(answer.get("Messages", ()))),
}


class QueueMetrics:
    """Counts the calls of all queues and samples their messages."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._used: dict[str, float] = {}
        self._dead_since: dict[tuple[str, str], float] = {}

    def install(self) -> None:
        queues, topics = engine.service("sqs"), engine.service("sns")
        for action, (name, count) in _COUNTED.items():
            queues._HANDLERS[action] = self._counted(queues._HANDLERS[action], name, count)
        deliver = topics._deliver_to_sqs

        def deliver_and_count(endpoint: str, *rest: Any, **more: Any) -> None:
            deliver(endpoint, *rest, **more)
            self._count(endpoint.rpartition(":")[2], "NumberOfMessagesSent", 1)

        topics._deliver_to_sqs = deliver_and_count

    def _counted(self, handler: Callable[..., Any], name: str, count: Callable[[Any], int]) -> Callable[..., Any]:
        async def handle(data: dict[str, Any], url: str) -> Any:
            answer = handler(data, url)
            if inspect.isawaitable(answer):
                answer = await answer
            number = count(answer)
            queue = str(data.get("QueueUrl") or url).rpartition("/")[2]
            if number:
                self._count(queue, name, number)
            return answer

        return handle

    def _count(self, queue: str, name: str, number: int) -> None:
        self._used[queue] = time.time()
        self._store.record(NAMESPACE, name, float(number), "Count", {"QueueName": queue})

    def sample(self) -> None:
        """Record the state of the queues that hold messages or were used a short while ago."""
        now = time.time()
        for queue in list(engine.service("sqs")._queues.values()):
            messages, name = list(queue["messages"]), queue["name"]
            if messages:
                self._used[name] = now
            if now - self._used.get(name, 0.0) < ACTIVE_SECONDS:
                for metric, value, unit in self._state(name, messages, now):
                    self._store.record(NAMESPACE, metric, value, unit, {"QueueName": name}, at=now)
            elif self._used.pop(name, None):
                self._dead_since = {key: since for key, since in self._dead_since.items() if key[0] != name}

    def _state(self, queue: str, messages: list[dict[str, Any]], now: float) -> list[tuple[str, float, str]]:
        visible = sum(message["visible_at"] <= now for message in messages)
        delayed = sum(message["visible_at"] > now and not message["receive_count"] for message in messages)
        oldest = min((self._since(queue, message, now) for message in messages), default=now)
        return [
            ("ApproximateNumberOfMessagesVisible", float(visible), "Count"),
            ("ApproximateNumberOfMessagesDelayed", float(delayed), "Count"),
            ("ApproximateNumberOfMessagesNotVisible", float(len(messages) - visible - delayed), "Count"),
            ("ApproximateAgeOfOldestMessage", now - oldest, "Seconds"),
        ]

    def _since(self, queue: str, message: dict[str, Any], now: float) -> float:
        """When a message was sent; in a dead-letter queue, when it was moved there."""
        if "DeadLetterQueueSourceArn" in (message.get("sys") or {}):
            return self._dead_since.setdefault((queue, message["id"]), now)
        return float(message["sent_at"])
