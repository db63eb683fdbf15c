"""What the service is used for: each use case loads what it needs, asks the domain and appends what was decided."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orders.adapters.answers import AnswerTable
from orders.adapters.event_store import ConcurrentAppendError, EventStore
from orders.domain import decisions
from orders.domain.decisions import Cause, NotRefundableError, RefundTooLargeError
from orders.domain.order import Line, Order, fold
from orders.representation import whole
from shared.clock import now
from shared.events import Event
from shared.idempotency import Answer, AnswerStoredError, Record, earlier_answer, hash_body
from shared.ids import new_id
from shared.json_body import dump

ATTEMPTS = 5
"""How often a change that lost the race for its place in the order is decided anew."""

type Decide = Callable[[Order, Cause], Event | None]


class OrderNotFoundError(Exception):
    """There is no such order, or it is another partner's."""


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


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Ask money back for one of the partner's own orders; ``body`` follows schemas/refund_order.json."""

    partner_id: str
    order_id: str
    idempotency_key: str
    body: dict[str, Any]
    correlation_id: str


def place(store: EventStore, answers: AnswerTable, command: PlaceOrder) -> tuple[Answer, bool]:
    """Place the order once per key; answers the stored answer and whether it was placed just now.

    Raises RuleBrokenError, KeyReusedError, StoreBusyError. There is no read before the write: the transaction
    either writes event and answer together, or brings the earlier answer back.
    """
    body = command.body
    event = decisions.place(
        new_id("ord"),
        command.partner_id,
        body["currency"],
        [Line(line["sku"], line["quantity"], line["unit_amount"]) for line in body["lines"]],
        body["payment_method"],
        body.get("reference"),
        _cause(command.correlation_id),
    )
    # Relative to /orders: which host, stage or base path the caller came through is none of our business.
    answer = Answer(201, dump(whole(folded([event]))), f"orders/{event.order_id}")
    record = Record(f"{command.partner_id}#place_order#{command.idempotency_key}", hash_body(body), answer)
    try:
        store.append(event, record, answers.table, int(time.time()))
    except AnswerStoredError as stored:
        return earlier_answer(stored.record, record.request_hash), False
    return answer, True


def refund(store: EventStore, answers: AnswerTable, command: RefundOrder) -> tuple[Answer, bool]:
    """Request the refund once per key; answers the stored answer and whether it was requested just now.

    Raises OrderNotFoundError, KeyReusedError, NotRefundableError, RefundTooLargeError, StoreBusyError, and
    ConcurrentAppendError after ATTEMPTS lost races.
    """
    amount, reason = command.body["amount"], command.body["reason"]
    key = f"{command.partner_id}#refund_order#{command.idempotency_key}"
    # The order is a part of the request: a key that was used for another order's refund must not start a second one.
    request_hash = hash_body({"order_id": command.order_id, **command.body})
    refund_id = new_id("rfd")
    for _ in range(ATTEMPTS):
        history = load_own(store, command.partner_id, command.order_id)
        try:
            event = decisions.request_refund(folded(history), refund_id, amount, reason, _cause(command.correlation_id))
        except (NotRefundableError, RefundTooLargeError):
            # A repeated request finds the order changed by its own first time.
            earlier = answers.find(key, int(time.time()))
            if earlier is None:
                raise
            return earlier_answer(earlier, request_hash), False
        answer = Answer(202, dump(whole(folded([*history, event]))), f"../{command.order_id}")
        try:
            store.append(event, Record(key, request_hash, answer), answers.table, int(time.time()))
        except AnswerStoredError as stored:
            return earlier_answer(stored.record, request_hash), False
        except ConcurrentAppendError:
            continue
        return answer, True
    raise ConcurrentAppendError


def cancel(store: EventStore, command: CancelOrder) -> tuple[Order, bool]:
    """Cancel the order; answers it as it is then and whether this changed it.

    Raises OrderNotFoundError, NotCancelableError, StoreBusyError, and ConcurrentAppendError after ATTEMPTS lost races.
    """
    return _change(
        store,
        lambda: load_own(store, command.partner_id, command.order_id),
        lambda order, cause: decisions.cancel(order, command.reason, cause),
        command.correlation_id,
    )


def change(store: EventStore, order_id: str, correlation_id: str, decide: Decide) -> tuple[Order, bool]:
    """Append what ``decide`` makes of the order, whoever's it is; answers it as it is then and whether this changed it.

    Raises OrderNotFoundError, what ``decide`` raises, StoreBusyError, and ConcurrentAppendError after ATTEMPTS lost
    races.
    """
    return _change(store, lambda: load(store, order_id), decide, correlation_id)


def load(store: EventStore, order_id: str) -> list[Event]:
    """The order's events, never empty; raises OrderNotFoundError."""
    history = store.load(order_id)
    if not history:
        raise OrderNotFoundError
    return history


def load_own(store: EventStore, partner_id: str, order_id: str) -> list[Event]:
    """The order's events, never empty; another partner's order raises OrderNotFoundError as a missing one does."""
    history = load(store, order_id)
    if folded(history[:1]).partner_id != partner_id:
        raise OrderNotFoundError
    return history


def folded(history: list[Event]) -> Order:
    """The order after these events; raises OrderNotFoundError if there are none."""
    order = fold(history)
    if order is None:
        raise OrderNotFoundError
    return order


def _change(
    store: EventStore, read: Callable[[], list[Event]], decide: Decide, correlation_id: str
) -> tuple[Order, bool]:
    for _ in range(ATTEMPTS):
        history = read()
        order = folded(history)
        event = decide(order, _cause(correlation_id))
        if event is None:
            return order, False
        try:
            store.append(event)
        except ConcurrentAppendError:
            continue
        return folded([*history, event]), True
    raise ConcurrentAppendError


def _cause(correlation_id: str) -> Cause:
    return Cause(new_id("evt"), now(), correlation_id)
