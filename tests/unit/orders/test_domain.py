from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import domain
from orders.domain import BrokenHistoryError, Cause, Line, RuleBrokenError, Status
from shared.clock import from_text, now, to_text
from shared.events import Event, UnknownEventError
from tests.unit.orders.strategies import CANCELLATIONS, CAUSES, HISTORIES, LINES, MOMENTS, PLACED, run

CAUSE = Cause("evt_1", now(), "request-1")
TEA = Line("TEA", 2, 450)


@given(LINES, CAUSES, st.none() | st.text(min_size=1))
def test_a_placed_order_is_what_was_asked_for(lines: list[Line], cause: Cause, reference: str | None):
    event = domain.place("ord_1", "partner", "EUR", lines, reference, cause)
    order = domain.fold([event])

    assert order is not None
    assert (order.order_id, order.partner_id, order.reference) == ("ord_1", "partner", reference)
    assert (order.status, order.sequence, order.lines) == (Status.PLACED, 1, tuple(lines))
    assert order.total.amount == sum(line.quantity * line.unit_amount for line in lines)
    assert order.placed_at == order.updated_at == to_text(cause.occurred_at)


@given(PLACED, CANCELLATIONS)
def test_any_commands_keep_the_invariants(placed: Event, cancellations: list[tuple[str, Cause]]):
    events = run(placed, cancellations)
    order = domain.fold(events)
    before = domain.fold([placed])

    assert order is not None
    assert before is not None
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert len({event.event_id for event in events}) == len(events)
    assert [event.occurred_at for event in events] == sorted(event.occurred_at for event in events)
    assert (order.status is Status.CANCELED) == bool(cancellations)
    assert len(events) == 1 + bool(cancellations)
    assert order == replace(before, status=order.status, updated_at=order.updated_at, sequence=len(events))


@given(HISTORIES, MOMENTS)
def test_the_order_at_a_time_is_a_prefix_of_its_history(events: list[Event], moment: datetime):
    prefix = domain.until(events, moment)

    assert prefix == events[: len(prefix)]
    assert all(from_text(event.occurred_at) <= moment for event in prefix)
    assert all(from_text(event.occurred_at) > moment for event in events[len(prefix) :])


@given(HISTORIES)
def test_the_fold_is_the_same_step_by_step_and_from_storage(events: list[Event]):
    from shared.events import event_from_item

    assert domain.fold(event_from_item(event.to_item()) for event in events) == domain.fold(events)
    assert domain.until(events, from_text(events[-1].occurred_at)) == events


def test_no_events_are_no_order():
    assert domain.fold([]) is None


def test_a_sku_may_stand_once():
    with pytest.raises(RuleBrokenError) as broken:
        domain.place("ord_1", "p", "EUR", [TEA, Line("MUG", 1, 1), TEA], None, CAUSE)
    assert broken.value.pointer == "/lines/2/sku"
    assert "lines/0" in broken.value.detail


@pytest.mark.parametrize("currency", ["ABC", "XXX", "XAU"])
def test_a_currency_must_be_one_that_people_pay_with(currency: str):
    with pytest.raises(RuleBrokenError) as broken:
        domain.place("ord_1", "p", currency, [TEA], None, CAUSE)
    assert broken.value.pointer == "/currency"


@given(HISTORIES, st.data())
def test_a_history_that_is_not_one_is_refused(events: list[Event], data: st.DataObject):
    first = events[0]
    broken = data.draw(
        st.sampled_from(
            [
                events[1:] or [replace(first, type="order_canceled")],
                [first, *events],
                [first, replace(first, sequence=2)],
                [first, replace(first, type="order_canceled", sequence=3)],
                [first, replace(first, type="order_canceled", sequence=2, order_id="ord_other")],
                [replace(first, sequence=2)],
            ]
        )
    )
    with pytest.raises(BrokenHistoryError):
        domain.fold(broken)


@pytest.mark.parametrize("change", [{"version": 2}, {"type": "order_shipped"}])
def test_an_event_of_a_newer_release_is_refused(change: dict[str, object]):
    event = domain.place("ord_1", "p", "EUR", [TEA], None, CAUSE)
    with pytest.raises(UnknownEventError):
        domain.fold([replace(event, **change)])  # type: ignore[arg-type]
