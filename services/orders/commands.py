"""The commands of the service: each loads what it needs, asks the domain and appends what the domain decided."""

import time
from dataclasses import dataclass
from typing import Any

from orders import domain
from orders.adapters.event_store import AnswerStoredError, ConcurrentAppendError, EventStore
from orders.domain import Cause, Line, Order
from orders.representation import whole
from shared.clock import now
from shared.events import Event
from shared.idempotency import Answer, Record, hash_body
from shared.ids import new_id
from shared.json_body import dump

CANCEL_ATTEMPTS = 5


class KeyReusedError(Exception):
    """The Idempotency-Key came with another body before."""


class OrderNotFoundError(Exception):
    """The partner has no such order."""


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """``body`` follows schemas/place_order.json."""

    partner_id: str
    idempotency_key: str
    body: dict[str, Any]
    correlation_id: str


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel one of the partner's own orders."""

    partner_id: str
    order_id: str
    reason: str
    correlation_id: str


def place(store: EventStore, idempotency_table: str, command: PlaceOrder) -> tuple[Answer, bool]:
    """Place the order once per key; answers the stored answer and whether it was placed just now.

    Raises RuleBrokenError, KeyReusedError, StoreBusyError. There is no read before the write: the transaction
    either writes event and answer together, or brings the earlier answer back.
    """
    body = command.body
    lines = [Line(line["sku"], line["quantity"], line["unit_amount"]) for line in body["lines"]]
    event = domain.place(
        new_id("ord"), command.partner_id, body["currency"], lines, body.get("reference"), _cause(command)
    )
    record = Record(
        key=f"{command.partner_id}#place_order#{command.idempotency_key}",
        request_hash=hash_body(body),
        answer=_placed_answer(event),
    )
    try:
        store.append(event, record, idempotency_table, int(time.time()))
    except AnswerStoredError as stored:
        if stored.record.request_hash != record.request_hash:
            raise KeyReusedError from None
        return stored.record.answer, False
    return record.answer, True


def cancel(store: EventStore, command: CancelOrder) -> tuple[Order, bool]:
    """Cancel the order; answers it as it is then and whether this changed it.

    Raises OrderNotFoundError, StoreBusyError, and ConcurrentAppendError after CANCEL_ATTEMPTS lost races.
    """
    for _ in range(CANCEL_ATTEMPTS):
        events = load_own(store, command.partner_id, command.order_id)
        order = folded(events)
        event = domain.cancel(order, command.reason, _cause(command))
        if event is None:
            return order, False
        try:
            store.append(event)
        except ConcurrentAppendError:
            continue
        return folded([*events, event]), True
    raise ConcurrentAppendError


def load_own(store: EventStore, partner_id: str, order_id: str) -> list[Event]:
    """The order's events, never empty; another partner's order raises OrderNotFoundError as a missing one does."""
    events = store.load(order_id)
    if not events or folded(events[:1]).partner_id != partner_id:
        raise OrderNotFoundError
    return events


def folded(events: list[Event]) -> Order:
    """The order after these events; raises OrderNotFoundError if there are none."""
    order = domain.fold(events)
    if order is None:
        raise OrderNotFoundError
    return order


def _placed_answer(event: Event) -> Answer:
    # Relative to /orders: which host, stage or base path the caller came through is none of our business.
    return Answer(201, dump(whole(folded([event]))), f"orders/{event.order_id}")


def _cause(command: PlaceOrder | CancelOrder) -> Cause:
    return Cause(new_id("evt"), now(), command.correlation_id)
