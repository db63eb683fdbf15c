"""Orders and commands at random, within what the schemas allow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from hypothesis import strategies as st

from orders.domain import decisions
from orders.domain.decisions import Cause, RefundTooLargeError, UnknownRefundError, WrongStatusError
from orders.domain.order import Line, Order, fold
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
TEXTS = st.text(min_size=1, max_size=64)
PAYMENT_METHODS = st.from_regex(r"pm_[a-z0-9_]{1,64}", fullmatch=True)
PLACED = st.builds(
    decisions.place,
    order_id=st.builds(new_id, st.just("ord")),
    partner_id=st.text(min_size=1, max_size=10),
    currency=st.sampled_from(sorted(EXPONENTS)),
    lines=LINES,
    payment_method=PAYMENT_METHODS,
    reference=st.none() | TEXTS,
    cause=CAUSES,
)


@dataclass(frozen=True)
class Command:
    """A command by the name of its decision. ``refund`` picks one that was requested, ``percent`` of the total."""

    name: str
    cause: Cause
    text: str = "x"
    refund: int = 0
    percent: int = 100

    def decide(self, order: Order) -> Event | None:
        """What the domain makes of it; raises what the domain raises."""
        decide: Callable[..., Event | None] = getattr(decisions, self.name)
        match self.name:
            case "confirm" | "complete":
                return decide(order, self.cause)
            case "dispatch" | "reject":
                return decide(order, "code", self.text, self.cause)
            case "cancel":
                return decide(order, self.text, self.cause)
            case "request_refund":
                amount = max(1, order.total.amount * self.percent // 100)
                return decide(order, new_id("rfd"), amount, self.text, self.cause)
        refund_id = order.refunds[self.refund % len(order.refunds)].refund_id if order.refunds else "rfd_none"
        return decide(order, refund_id, *(("code",) if self.name == "refuse_refund" else ()), self.cause)

    def attempt(self, order: Order) -> Event | None:
        """What the domain makes of it; None also for what it forbids."""
        try:
            return self.decide(order)
        except (WrongStatusError, RefundTooLargeError, UnknownRefundError):
            return None


def commands(*names: str) -> st.SearchStrategy[Command]:
    return st.builds(
        Command, st.sampled_from(names), CAUSES, TEXTS, refund=st.integers(0, 9), percent=st.integers(1, 120)
    )


NAMES = ("confirm", "dispatch", "complete", "reject", "cancel", "request_refund", "record_refund", "refuse_refund")
ANY = st.lists(commands(*NAMES), max_size=10)
REFUNDS = st.lists(commands("request_refund", "record_refund", "refuse_refund"), max_size=10)
GOOD_WAY = st.tuples(commands("confirm"), commands("dispatch"), commands("complete")).map(list)
COMMANDS = ANY | st.builds(list.__add__, GOOD_WAY, ANY) | st.builds(list.__add__, GOOD_WAY, REFUNDS)
"""Commands one after the other, at any times (clocks differ), many of them on the way to a refund."""


def states(history: list[Event]) -> Iterator[Order]:
    """The order after each event."""
    for number in count(1):
        order = fold(history[:number])
        assert order is not None
        yield order
        if number == len(history):
            return


def run(placed: Event, todo: list[Command]) -> list[Event]:
    """The events after all commands."""
    history = [placed]
    for command in todo:
        *_, order = states(history)
        event = command.attempt(order)
        if event is not None:
            history.append(event)
    return history


HISTORIES = st.builds(run, PLACED, COMMANDS)
