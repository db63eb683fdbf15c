"""On-failure destinations: a JSON document about a discarded batch goes to a queue or a topic with the role's right."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from scripts.local import engine, roles

logger = logging.getLogger("tradepost.destinations")


def send(arn: str, body: dict[str, Any], role_arn: str) -> bool:
    """Deliver a JSON document to an SQS queue or SNS topic; False (and a line in the log) when it cannot be."""
    return deliver(arn, json.dumps(body), role_arn)


def deliver(arn: str, text: str, role_arn: str, attributes: dict[str, Any] | None = None) -> bool:
    """Deliver a text with message attributes to an SQS queue or SNS topic with the rights of a role."""
    service = arn.split(":")[2]
    action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}.get(service)
    if action is None or not roles.allows(role_arn, action, arn):
        logger.warning("destination %s not reached: %s lacks %s", arn, role_arn, action)
        return False
    give = _send_to_queue if service == "sqs" else _publish
    status, answer = give(arn, text, attributes or {})
    if status >= 300:
        logger.warning("destination %s not reached: %s", arn, answer.decode(errors="replace")[:200])
    return status < 300


def _send_to_queue(arn: str, text: str, attributes: dict[str, Any]) -> tuple[int, bytes]:
    queue = engine.service("sqs")._queue_by_arn(arn)
    if queue is None:
        return 404, b"the queue does not exist"
    message = {"QueueUrl": queue["url"], "MessageBody": text, "MessageAttributes": attributes}
    return call("sqs", "AmazonSQS.SendMessage", message)


def _publish(arn: str, text: str, attributes: dict[str, Any]) -> tuple[int, bytes]:
    topics = engine.service("sns")
    if arn not in topics._topics:
        return 404, b"the topic does not exist"
    topics._fanout(arn, engine.core("responses").new_uuid(), text, "", "", attributes)
    return 200, b""


def call(service: str, target: str, body: dict[str, Any]) -> tuple[int, bytes]:
    """Call a JSON API of the engine from a worker thread, inside the process and past IAM (checked by the caller)."""
    app = engine.app()
    headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.0", "host": "127.0.0.1"}
    content = json.dumps(body).encode()
    answer = app.call_service_handler_sync(app.SERVICE_HANDLERS[service], "POST", "/", headers, content, {}, 30)
    return int(answer[0]), bytes(answer[2])


def timestamp(seconds: float, *, fraction: bool = False) -> str:
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return text + (f".{int(seconds * 1000) % 1000:03d}Z" if fraction else "Z")
