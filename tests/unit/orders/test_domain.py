from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain import decisions, events
from orders.domain.decisions import (
    Cause,
    NotCancelableError,
    NotRefundableError,
    RefundTooLargeError,
    RuleBrokenError,
    UnknownRefundError,
    WrongStatusError,
)
from orders.domain.order import BrokenHistoryError, Dispatch, Line, Order, Rejection, Status, fold, until
from shared.clock import from_text, now, to_text
from shared.events import Event, UnknownEventError, event_from_item
from shared.money import Money
from tests.unit.orders.strategies import (
    CAUSES,
    COMMANDS,
    HISTORIES,
    LINES,
    MOMENTS,
    PAYMENT_METHODS,
    PLACED,
    Command,
    run,
    states,
)

CAUSE = Cause("evt_1", now(), "request-1")
TEA = Line("TEA", 2, 450)
TOTAL = 900
ENDS = {Status.REFUNDED, Status.REJECTED, Status.CANCELED}
"""Nothing happens to an order in these; a completed one can still be refunded."""
WAYS = {
    Status.PLACED: {Status.CONFIRMED, Status.REJECTED, Status.CANCELED},
    Status.CONFIRMED: {Status.DISPATCHED, Status.REJECTED, Status.CANCELED},
    Status.DISPATCHED: {Status.COMPLETED, Status.REJECTED},
    Status.COMPLETED: {Status.REFUNDED},
}
DECISIONS: dict[str, Callable[[Order], Event | None]] = {
    "confirm": lambda order: decisions.confirm(order, CAUSE),
    "dispatch": lambda order: decisions.dispatch(order, "DHL", "77", CAUSE),
    "complete": lambda order: decisions.complete(order, CAUSE),
    "reject": lambda order: decisions.reject(order, "out_of_stock", "no tea", CAUSE),
    "cancel": lambda order: decisions.cancel(order, "too late", CAUSE),
    "request_refund": lambda order: decisions.request_refund(order, "rfd_1", TOTAL, "broken", CAUSE),
    "record_refund": lambda order: decisions.record_refund(order, "rfd_1", CAUSE),
    "refuse_refund": lambda order: decisions.refuse_refund(order, "rfd_1", "account_closed", CAUSE),
}


def placed(*lines: Line) -> Event:
    return decisions.place("ord_1", "p", "EUR", lines or [TEA], "pm_x", None, CAUSE)


def history_of(*names: str) -> list[Event]:
    """The events of an order of TEA after these decisions."""
    history = [placed()]
    for name in names:
        *_, order = states(history)
        event = DECISIONS[name](order)
        assert event is not None, f"{name} adds an event"
        history.append(event)
    return history


def after(*names: str) -> Order:
    """An order of TEA after these decisions."""
    *_, order = states(history_of(*names))
    return order


DISPATCHED = ("confirm", "dispatch")
COMPLETED = (*DISPATCHED, "complete")
REQUESTED = (*COMPLETED, "request_refund")


@given(LINES, CAUSES, PAYMENT_METHODS, st.none() | st.text(min_size=1))
def test_a_placed_order_is_what_was_asked_for(lines: list[Line], cause: Cause, method: str, reference: str | None):
    order = fold([decisions.place("ord_1", "partner", "EUR", lines, method, reference, cause)])

    assert order is not None
    assert (order.order_id, order.partner_id, order.reference) == ("ord_1", "partner", reference)
    assert (order.status, order.sequence, order.lines) == (Status.PLACED, 1, tuple(lines))
    assert order.total.amount == sum(line.quantity * line.unit_amount for line in lines)
    assert order.payment_method == method
    assert order.placed_at == order.updated_at == to_text(cause.occurred_at)


@given(PLACED, COMMANDS)
def test_any_commands_keep_the_invariants(first: Event, todo: list[Command]):
    history = run(first, todo)
    *before, order = states(history)

    assert [event.sequence for event in history] == list(range(1, len(history) + 1))
    assert len({event.event_id for event in history}) == len(history)
    assert [event.occurred_at for event in history] == sorted(event.occurred_at for event in history)
    assert not {earlier.status for earlier in before} & ENDS, "nothing follows an end"
    way = [step.status for step in order.timeline]
    assert way[0] is Status.PLACED
    assert all(later in WAYS[earlier] for earlier, later in pairwise(way))
    assert way[-1] is order.status
    assert (order.dispatch is not None) == (Status.DISPATCHED in way)
    assert (order.rejection is not None) == (order.status is Status.REJECTED)
    assert (order.cancellation_reason is not None) == (order.status is Status.CANCELED)


@given(PLACED, COMMANDS)
def test_no_more_is_refunded_than_was_paid(first: Event, todo: list[Command]):
    history = run(first, todo)
    *_, order = states(history)

    told = [event.data["amount"] for event in history if event.type == events.ORDER_REFUNDED]
    assert sum(told) == order.refunded_amount <= order.total.amount
    assert 0 <= order.refundable_amount <= order.total.amount - order.refunded_amount
    assert (order.status is Status.REFUNDED) == (bool(told) and order.refunded_amount == order.total.amount)
    assert not order.refunds or order.reached(Status.COMPLETED)
    sums = [event.data["refunded_amount"] for event in history if event.type == events.ORDER_REFUNDED]
    assert sums == [sum(told[: number + 1]) for number in range(len(told))]


@given(PLACED, COMMANDS)
def test_a_command_that_was_carried_out_adds_nothing_again(first: Event, todo: list[Command]):
    history = [first]
    for command in todo:
        *_, order = states(history)
        event = command.attempt(order)
        if event is None:
            continue
        history.append(event)
        *_, changed = states(history)
        if command.name != "request_refund":  # each request is another refund; its key tells repetitions
            assert command.decide(changed) is None


@given(HISTORIES, MOMENTS)
def test_the_order_at_a_time_is_a_prefix_of_its_history(history: list[Event], moment: datetime):
    prefix = until(history, moment)

    assert prefix == history[: len(prefix)]
    assert all(from_text(event.occurred_at) <= moment for event in prefix)
    assert all(from_text(event.occurred_at) > moment for event in history[len(prefix) :])


@given(HISTORIES)
def test_the_fold_is_the_same_again_and_from_storage(history: list[Event]):
    assert fold(history) == fold(history)
    assert fold(event_from_item(event.to_item()) for event in history) == fold(history)
    assert until(history, from_text(history[-1].occurred_at)) == history


def test_no_events_are_no_order():
    assert fold([]) is None


def test_a_sku_may_stand_once():
    with pytest.raises(RuleBrokenError) as broken:
        placed(TEA, Line("MUG", 1, 1), TEA)
    assert broken.value.pointer == "/lines/2/sku"
    assert "lines/0" in broken.value.detail


@pytest.mark.parametrize("currency", ["ABC", "XXX", "XAU"])
def test_a_currency_must_be_one_that_people_pay_with(currency: str):
    with pytest.raises(RuleBrokenError) as broken:
        decisions.place("ord_1", "p", currency, [TEA], "pm_x", None, CAUSE)
    assert broken.value.pointer == "/currency"


ADDS, NOTHING, FORBIDDEN = "adds an event", "adds nothing", "is forbidden"
TABLE = {
    # status: (decisions that lead there, what each decision does then, in the order of DECISIONS without refunds)
    Status.PLACED: ((), (ADDS, FORBIDDEN, FORBIDDEN, ADDS, ADDS)),
    Status.CONFIRMED: (("confirm",), (NOTHING, ADDS, FORBIDDEN, ADDS, ADDS)),
    Status.DISPATCHED: (DISPATCHED, (NOTHING, NOTHING, ADDS, FORBIDDEN, FORBIDDEN)),
    Status.COMPLETED: (COMPLETED, (NOTHING, NOTHING, NOTHING, FORBIDDEN, FORBIDDEN)),
    Status.REFUNDED: ((*REQUESTED, "record_refund"), (NOTHING, NOTHING, NOTHING, FORBIDDEN, FORBIDDEN)),
    Status.REJECTED: (("confirm", "reject"), (FORBIDDEN, FORBIDDEN, FORBIDDEN, NOTHING, FORBIDDEN)),
    Status.CANCELED: (("confirm", "cancel"), (FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, NOTHING)),
}


@pytest.mark.parametrize("status", Status)
def test_what_each_command_does_in_each_status(status: Status):
    way, expected = TABLE[status]
    order = after(*way)
    assert order.status is status

    for name, effect in zip(DECISIONS, expected, strict=False):
        if effect is FORBIDDEN:
            with pytest.raises(WrongStatusError) as wrong:
                DECISIONS[name](order)
            assert wrong.value.status is status
            assert isinstance(wrong.value, NotCancelableError) == (name == "cancel")
        else:
            assert (DECISIONS[name](order) is None) == (effect is NOTHING), name


def test_the_order_tells_what_happened_to_it():
    assert after(*DISPATCHED).dispatch == Dispatch("DHL", "77")
    assert after("reject").rejection == Rejection("out_of_stock", "no tea")
    assert after("cancel").cancellation_reason == "too late"
    assert [step.status for step in after(*COMPLETED).timeline] == ["placed", "confirmed", "dispatched", "completed"]


def test_another_parcel_than_the_first_is_forbidden():
    with pytest.raises(WrongStatusError):
        decisions.dispatch(after(*DISPATCHED), "DHL", "78", CAUSE)


def test_a_dispatched_order_is_rejected_for_want_of_payment_alone():
    order = after(*DISPATCHED)
    event = decisions.reject(order, "payment_not_captured", "card expired", CAUSE)
    assert event is not None
    with pytest.raises(WrongStatusError):
        decisions.reject(order, "not_dispatched", "too late", CAUSE)


def test_no_text_keeps_an_order_from_being_rejected():
    event = decisions.reject(after(), "fulfillment_failed", "x" * 10_000, CAUSE)
    assert event is not None
    assert event.data["detail"] == "x" * decisions.LONGEST_DETAIL


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.COMPLETED])
def test_only_a_completed_order_is_refunded(status: Status):
    with pytest.raises(NotRefundableError):
        decisions.request_refund(after(*TABLE[status][0]), "rfd_2", 10**9, "x", CAUSE)


def test_refunds_on_their_way_count_until_they_are_refused():
    with pytest.raises(RefundTooLargeError) as refused:
        decisions.request_refund(after(*REQUESTED), "rfd_2", 1, "x", CAUSE)
    assert refused.value.left == Money(0, "EUR")
    free_again = after(*REQUESTED, "refuse_refund")
    assert free_again.refundable_amount == TOTAL
    assert free_again.status is Status.COMPLETED
    with pytest.raises(RefundTooLargeError):
        decisions.request_refund(free_again, "rfd_2", TOTAL + 1, "x", CAUSE)


def test_a_part_given_back_leaves_the_order_completed():
    history = history_of(*COMPLETED)
    history.append(decisions.request_refund(after(*COMPLETED), "rfd_1", 300, "scratched", CAUSE))
    *_, requested = states(history)
    refunded = decisions.record_refund(requested, "rfd_1", CAUSE)
    assert refunded is not None
    *_, order = states([*history, refunded])

    assert refunded.data == {"refund_id": "rfd_1", "amount": 300, "refunded_amount": 300, "currency": "EUR"}
    assert (order.status, order.refunded_amount, order.refundable_amount) == (Status.COMPLETED, 300, TOTAL - 300)


@pytest.mark.parametrize(("first", "then"), [("record_refund", "refuse_refund"), ("refuse_refund", "record_refund")])
def test_a_refund_ends_once(first: str, then: str):
    order = after(*REQUESTED, first)
    assert DECISIONS[first](order) is None
    with pytest.raises(WrongStatusError):
        DECISIONS[then](order)


@pytest.mark.parametrize("name", ["record_refund", "refuse_refund"])
def test_a_refund_that_nobody_requested_is_unknown(name: str):
    with pytest.raises(UnknownRefundError):
        DECISIONS[name](after(*COMPLETED))


def test_an_order_of_version_1_is_read_as_it_was_stored():
    current = placed()
    data = {name: value for name, value in current.data.items() if name != "payment_method"}
    stored = replace(current, version=1, data=data)

    order = fold([stored])

    assert order == replace(after(), payment_method=None)
    assert (stored.version, "payment_method" in stored.data) == (1, False), "what is stored is left as it is"


@given(HISTORIES, st.data())
def test_a_history_that_is_not_one_is_refused(history: list[Event], data: st.DataObject):
    first = history[0]
    cancel = replace(first, type="order_canceled", version=1, sequence=2, data={"reason": "x"})
    settle = replace(cancel, type="order_refunded", data={"refund_id": "rfd_1"})
    broken = data.draw(
        st.sampled_from(
            [
                history[1:] or [replace(cancel, sequence=1)],
                [first, *history],
                [first, replace(first, sequence=2)],
                [first, replace(cancel, sequence=3)],
                [first, replace(cancel, order_id="ord_other")],
                [first, cancel, replace(cancel, sequence=3)],
                [first, settle],
                [replace(first, sequence=2)],
            ]
        )
    )
    with pytest.raises(BrokenHistoryError):
        fold(broken)


@pytest.mark.parametrize(
    "event_type", [events.ORDER_REFUNDED, events.ORDER_REFUND_REFUSED, events.ORDER_REFUND_REQUESTED]
)
def test_a_history_settles_each_refund_once(event_type: str):
    history = history_of(*REQUESTED, "refuse_refund")
    data: dict[str, Any] = {"refund_id": "rfd_1", "amount": 1, "reason": "again"}

    with pytest.raises(BrokenHistoryError):
        fold([*history, replace(history[-1], type=event_type, sequence=len(history) + 1, data=data)])


@pytest.mark.parametrize("change", [{"version": 3}, {"type": "order_shipped"}])
def test_an_event_of_a_newer_release_is_refused(change: dict[str, object]):
    with pytest.raises(UnknownEventError):
        fold([replace(placed(), **change)])  # type: ignore[arg-type]
