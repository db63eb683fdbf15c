"""Request bodies of the order API, what its answers must look like, and orders that are further on."""

from typing import TYPE_CHECKING, Any

import requests

from scripts.client import OrderClient
from shared.ids import new_id
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.stack.conftest import Stack

PROBLEM = "urn:tradepost:problem:"
PROJECTED_SECONDS = 120.0
"""For the read model to take up all that a flood of orders has told, on a busy machine."""


def line(sku: str = "MUG-BLUE", quantity: int = 1, unit_amount: int = 1250) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity, "unit_amount": unit_amount}


def order(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A valid order of `lines` (one mug when there are none), with `fields` set over it."""
    return {"currency": "EUR", "payment_method": "pm_approved", "lines": list(lines) or [line()], **fields}


def completed_order(stack: "Stack", aws: Any, like: str) -> str:
    """The id of a new order with the first event of the order `like`, completed.

    All of its events are written at once, so that no workflow comes in between.
    """
    dynamodb, table = aws("dynamodb"), stack.outputs["tables"]["order_events"]
    [first] = dynamodb.query(
        TableName=table,
        KeyConditionExpression="order_id = :order_id AND #sequence = :first",
        ExpressionAttributeNames={"#sequence": "sequence"},
        ExpressionAttributeValues={":order_id": {"S": like}, ":first": {"N": "1"}},
        ConsistentRead=True,
    )["Items"]
    order_id = new_id("ord")
    rest: list[tuple[str, dict[str, Any]]] = [
        ("order_confirmed", {}),
        ("order_dispatched", {"carrier": {"S": "DHL"}, "tracking_number": {"S": "00340434161094042557"}}),
        ("order_completed", {}),
    ]
    events = [first] + [
        first | {"type": {"S": name}, "version": {"N": "1"}, "data": {"M": data}} for name, data in rest
    ]
    items = [
        event | {"order_id": {"S": order_id}, "event_id": {"S": new_id("evt")}, "sequence": {"N": str(sequence)}}
        for sequence, event in enumerate(events, start=1)
    ]
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": item}} for item in items])
    return order_id


def until_projected(client: OrderClient) -> None:
    """Wait until the read model has all that was told so far: the stream's records are read in their order."""
    last = client.place(order()).json()["order_id"]
    eventually(lambda: last in {listed["order_id"] for listed in client.list().json()["items"]}, PROJECTED_SECONDS)


def assert_problem(response: requests.Response, status: int, slug: str, names: str = "") -> dict[str, Any]:
    """The answer is problem+json of this status and type, and its text names `names`."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    assert response.headers["Content-Type"].split(";")[0] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == PROBLEM + slug
    assert problem["status"] == status
    assert all(problem[field] for field in ("title", "detail", "request_id"))
    assert names in response.text, f"does not name {names!r}: {response.text[:500]}"
    return problem
