"""Orders and commands at random, within what the schemas allow."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from orders import domain
from orders.domain import Cause, Line
from shared.events import Event
from shared.ids import new_id
from shared.money import EXPONENTS

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - hypothesis wants it naive
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)
CAUSES = st.builds(lambda moment: Cause(new_id("evt"), moment, "request-1"), MOMENTS)
SKUS = st.from_regex(r"[A-Z0-9]{1,3}(-[A-Z0-9]{2,4}){1,3}", fullmatch=True)
LINES = st.lists(
    st.builds(Line, SKUS, st.integers(1, 999), st.integers(0, 99_999_999)),
    min_size=1,
    max_size=8,
    unique_by=lambda line: line.sku,
)
REASONS = st.text(min_size=1, max_size=200)
CANCELLATIONS = st.lists(st.tuples(REASONS, CAUSES), max_size=4)
"""Cancellations one after the other, at any times (clocks differ)."""

PLACED = st.builds(
    domain.place,
    order_id=st.builds(new_id, st.just("ord")),
    partner_id=st.text(min_size=1, max_size=10),
    currency=st.sampled_from(sorted(EXPONENTS)),
    lines=LINES,
    reference=st.none() | st.text(min_size=1, max_size=64),
    cause=CAUSES,
)


def run(placed: Event, cancellations: list[tuple[str, Cause]]) -> list[Event]:
    """The events after all commands."""
    events = [placed]
    for reason, cause in cancellations:
        order = domain.fold(events)
        assert order is not None
        event = domain.cancel(order, reason, cause)
        if event is not None:
            events.append(event)
    return events


HISTORIES = st.builds(run, PLACED, CANCELLATIONS)
