"""Orders that go through the whole platform: placing them with stock of their own, and the books after them."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

import requests

from scripts import payment_provider
from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.inventory import Shop, new_sku
from tests.stack.orders import line, order
from tests.waiting import eventually

TERMINAL = {"canceled", "completed", "refunded", "rejected"}
SECONDS = 90.0
"""For an order to get where it should: it takes a second, and a retry after a time-out ten."""
PRICE = 500
PARCEL = {"carrier": "DHL", "tracking_number": "00340434161094042557"}


@dataclass(frozen=True)
class Saga:
    """What tests do with orders, and where they look: the stock's API, the provider's books, the executions."""

    stack: Stack
    client: OrderClient
    _local: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @cached_property
    def shop(self) -> Shop:
        return Shop(self.stack, self.client)

    @cached_property
    def workflows(self) -> Any:
        """A client of Step Functions."""
        return self.stack.environment.client("stepfunctions")

    def article(self, on_hand: int) -> str:
        """A new article with so many units in stock."""
        sku = new_sku()
        assert self.shop.count(sku, on_hand, low_stock_threshold=0).status_code == 201
        return sku

    def place(self, sku: str, quantity: int = 1, method: str = "pm_approved", correlation_id: str = "saga") -> str:
        """The id of a new order for one article."""
        headers = {"Idempotency-Key": str(uuid4()), "X-Correlation-Id": correlation_id}
        body = order(line(sku, quantity, PRICE), payment_method=method)
        answer = self.client.request("POST", "/orders", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["order_id"])

    def dispatch(self, order_id: str, **parcel: str) -> requests.Response:
        return self.client.request("POST", f"/shipments/{order_id}/dispatched", json=PARCEL | parcel)

    def reach(self, order_id: str, *statuses: str) -> dict[str, Any]:
        """The order once it has one of the statuses; one that ends elsewhere fails at once."""
        ends = TERMINAL - {*statuses, *(["completed"] if "refunded" in statuses else [])}

        def read() -> dict[str, Any] | None:
            found: dict[str, Any] = self.client.get(order_id).json()
            if found["status"] in ends:
                raise UnexpectedEndError(found)
            return found if found["status"] in statuses else None

        return some(eventually(read, SECONDS))

    def confirmed(self, sku: str, quantity: int = 1, method: str = "pm_approved") -> str:
        order_id = self.place(sku, quantity, method)
        self.reach(order_id, "confirmed")
        return order_id

    def completed(self, sku: str, quantity: int = 1, method: str = "pm_approved") -> str:
        order_id = self.confirmed(sku, quantity, method)
        answer = self.dispatch(order_id)
        assert answer.status_code == 200, answer.text
        self.reach(order_id, "completed")
        return order_id

    def start(
        self, order_id: str, workflow: str = "fulfillment.order", version: str = "live", kind: str = "order_placed"
    ) -> str:
        """Start a workflow for an order as its event did; the ARN of the execution."""
        [event] = [one for one in self.client.events(order_id).json()["items"] if one["type"] == kind]
        arn = f"{self.stack.outputs['workflows'][workflow]['arn']}:{version}"
        started = self.workflows.start_execution(stateMachineArn=arn, input=json.dumps(event))
        return str(started["executionArn"])

    def executions(self, order_id: str, workflow: str = "fulfillment.order") -> list[dict[str, Any]]:
        """The executions of an order, with input and output."""
        arn = self.stack.outputs["workflows"][workflow]["arn"]
        pages = self.workflows.get_paginator("list_executions").paginate(stateMachineArn=arn)
        listed = (one["executionArn"] for page in pages for one in page["executions"])
        described = (self.workflows.describe_execution(executionArn=arn) for arn in listed)
        return [one for one in described if json.loads(one["input"])["order_id"] == order_id]

    def ended(self, execution: str) -> dict[str, Any]:
        def read() -> dict[str, Any] | None:
            found: dict[str, Any] = self.workflows.describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        return some(eventually(read, SECONDS))

    def failures(self, execution: str) -> list[dict[str, Any]]:
        """Error and cause of each attempt of a step that failed, oldest first."""
        history = self.workflows.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        return [event["taskFailedEventDetails"] for event in history if event["type"] == "TaskFailed"]

    def reminders(self, order_id: str) -> int:
        """How often the shop was reminded of a parcel; very often once nobody waits for it."""
        shipment = self.client.request("GET", f"/shipments/{order_id}").json()
        return int(shipment.get("reminders", 99))

    def books(self, order_id: str) -> dict[str, Any]:
        """All that the payment provider knows of an order."""
        answer = self._session().get(f"{self._provider}/admin/orders/{order_id}", timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def outage(self, status: int) -> None:
        """The provider answers every call with this status; 0 ends it."""
        self._session().put(f"{self._provider}/admin/outage", json={"status": status}, timeout=30).raise_for_status()

    def settled(self, order_id: str) -> "Money":
        """The order's money at the provider, once nothing of it is held."""

        def read() -> Money | None:
            money = self.money(order_id)
            return money if money.held == 0 else None

        return some(eventually(read, SECONDS))

    def money(self, order_id: str) -> "Money":
        return Money.of(self.books(order_id)["payments"])

    @cached_property
    def _provider(self) -> str:
        return payment_provider.url(self.stack.environment)

    def _session(self) -> requests.Session:
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
        return session


def some[T](found: T | None) -> T:
    """What `eventually` has waited for."""
    assert found is not None
    return found


class UnexpectedEndError(Exception):
    """An order ended in a status that the test does not want: no use in waiting on."""


@dataclass(frozen=True)
class Money:
    """Minor units at the provider, and how many payments took any."""

    held: int
    captured: int
    refunded: int
    charges: int

    @classmethod
    def of(cls, payments: Iterable[dict[str, Any]]) -> "Money":
        found = list(payments)
        return cls(
            held=sum(one["amount"] for one in found if one["status"] == "authorized"),
            captured=sum(one["captured_amount"] for one in found),
            refunded=sum(one["refunded_amount"] for one in found),
            charges=sum(one["captured_amount"] > 0 for one in found),
        )


NOTHING = Money(0, 0, 0, 0)


def paid(quantity: int = 1, refunded: int = 0) -> Money:
    """The money of one order of so many units that was completed."""
    return Money(0, quantity * PRICE, refunded, 1)


type Definition = dict[str, Any]


@contextmanager
def variant(saga: Saga, workflow: str, change: Callable[[Definition], None]) -> Iterator[str]:
    """The number of a version of the deployed workflow that is changed; the alias and what is deployed stay.

    A version and not another state machine: its executions have the same role, and may be answered by the same
    functions.
    """
    arn, api = saga.stack.outputs["workflows"][workflow]["arn"], saga.workflows
    deployed = api.describe_state_machine(stateMachineArn=arn)["definition"]
    definition = json.loads(deployed)
    change(definition)
    made = api.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition), publish=True)
    api.update_state_machine(stateMachineArn=arn, definition=deployed)
    version = made["stateMachineVersionArn"]
    try:
        yield version.rpartition(":")[2]
    finally:
        api.delete_state_machine_version(stateMachineVersionArn=version)


def every_step_twice(definition: Definition) -> None:
    """Each step that calls a function once calls it again with the same arguments, and goes on with that answer."""
    states = definition["States"]
    for name in [name for name, state in states.items() if state.get("Resource") == "arn:aws:states:::lambda:invoke"]:
        states[f"{name}Again"] = states[name]
        states[name] = {**states[name], "Next": f"{name}Again"}


def impatient(definition: Definition) -> None:
    """No retries, a second between reminders, and a step that is not answered in a second has failed."""
    for state in definition["States"].values():
        state.pop("Retry", None)
        if "TimeoutSeconds" in state:
            state["TimeoutSeconds"] = 1


def reminding(definition: Definition) -> None:
    """A second between reminders."""
    definition["States"]["WaitForDispatch"]["TimeoutSeconds"] = 1


def answers_get_lost(definition: Definition) -> None:
    """A step that is not answered in a second is tried again, though it may have done its work."""
    for state in definition["States"].values():
        if state.get("Resource") == "arn:aws:states:::lambda:invoke":
            state["TimeoutSeconds"] = 1
