"""What the platform does with an order by itself. The article is stocked nowhere: the order has to be rejected."""

from scripts.client import OrderClient
from tests.e2e.conftest import ARTICLE, Orders
from tests.stack.orders import assert_problem
from tests.waiting import eventually

WORKFLOW_SECONDS = 60.0


def test_an_order_that_cannot_be_fulfilled_is_rejected_with_its_reason(orders: Orders, client: OrderClient) -> None:
    order_id = orders.place(orders.body()).json()["order_id"]
    eventually(lambda: client.get(order_id).json()["status"] == "rejected", WORKFLOW_SECONDS, pause=0.5)
    rejection = client.get(order_id).json()["rejection"]
    assert rejection["reason"] == "out_of_stock"
    assert ARTICLE in rejection["detail"]
    history = [event["type"] for event in client.events(order_id).json()["items"]]
    assert history == ["order_placed", "order_rejected"]


def test_an_order_that_waits_for_no_parcel_has_no_shipment(client: OrderClient) -> None:
    assert_problem(client.request("GET", f"/shipments/ord_{'0' * 26}"), 404, "not_found")
