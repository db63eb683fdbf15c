"""What the component tests of fulfillment share: names, requests, and stand-ins for what is not DynamoDB."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from shared.ids import new_id

SHIPMENTS, ORDERS_COMMANDS = "shipments", "arn:aws:lambda:eu-west-1:123456789012:function:orders-commands:live"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "ORDERS_COMMANDS_ARN": ORDERS_COMMANDS,
    "POWERTOOLS_METRICS_NAMESPACE": "Tradepost",
    "POWERTOOLS_SERVICE_NAME": "fulfillment",
    "SHIPMENTS_TABLE": SHIPMENTS,
}
PARCEL = {"carrier": "DHL", "tracking_number": "77"}
PARTNER = "partner-1"

type Wait = Callable[..., str]


@dataclass
class Executions:
    """Step Functions as its client shows it: `waiting` tokens can be answered; `answers` is what came of them."""

    waiting: set[str] = field(default_factory=set)
    answers: dict[str, Any] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    refusal: str | None = None

    def send_task_success(self, taskToken: str, output: str) -> None:  # noqa: N803  the API's names
        self._end("SendTaskSuccess", taskToken, json.loads(output))

    def send_task_failure(self, taskToken: str, error: str, cause: str) -> None:  # noqa: N803
        self._end("SendTaskFailure", taskToken, (error, cause))

    def _end(self, operation: str, token: str, answer: Any) -> None:
        self.calls.add(operation)
        refusal = self.refusal or (None if token in self.waiting else "TaskTimedOut")
        if refusal:
            raise ClientError({"Error": {"Code": refusal}}, operation)
        self.waiting.remove(token)
        self.answers[token] = answer


@dataclass
class Orders:
    """The function orders.commands: orders by id, with the partner's id and the status."""

    orders: dict[str, tuple[str, str]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  the API's names
        assert FunctionName == ORDERS_COMMANDS
        request = json.loads(Payload)
        self.requests.append(request)
        if self.error:
            failure = {"errorType": self.error, "errorMessage": "no"}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(failure).encode())}
        return {"Payload": io.BytesIO(json.dumps(self._outcome(request)).encode())}

    def _outcome(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["order_id"] not in self.orders:
            return {"outcome": "not_found"}
        partner_id, status = self.orders[request["order_id"]]
        if request["command"] == "describe":
            return {"outcome": "found", "partner_id": partner_id, "status": status}
        if status not in ("confirmed", "dispatched"):
            return {"outcome": "closed", "status": status}
        self.orders[request["order_id"]] = partner_id, "dispatched"
        return {"outcome": "dispatched", "status": "dispatched", "sequence": 3}


def envelope(event_type: str, order_id: str, **data: Any) -> dict[str, Any]:
    """An event of an order as the rule hands it on."""
    return {
        "event_id": new_id("evt"),
        "type": event_type,
        "version": 1,
        "occurred_at": "2026-01-31T12:00:00.000Z",
        "order_id": order_id,
        "sequence": 3,
        "correlation_id": "basket-7",
        "data": data,
    }
