"""What each command answers in each state of an order's reservation, and that no order of commands loses an article."""

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from inventory import use_cases
from inventory.domain import Line, Outcome, Reservation, State
from inventory.use_cases import Change, ConcurrentChangeError, ReservationFoundError, StockBusyError
from tests.unit.inventory.shop import AT, Shop, article

LATER = "2026-01-01T00:30:00.000Z"
CHANGE = Change("ord_1", "request-2", AT)


def wanted(*lines: Line, order_id: str = "ord_1") -> Reservation:
    return Reservation(order_id, State.RESERVED, "request-1", AT, lines or (Line("TEA", 2),), LATER)


def reserve(shop: Shop) -> Outcome:
    return use_cases.reserve(shop, wanted())


def release(shop: Shop) -> Outcome:
    return use_cases.release(shop, CHANGE)


def ship(shop: Shop) -> Outcome:
    return use_cases.ship(shop, CHANGE)


def expire(shop: Shop) -> Outcome:
    return {"expired": use_cases.expire(shop, wanted(), LATER)}


RESERVED = {"outcome": "reserved", "expires_at": LATER}
OUT = {"outcome": "out_of_stock", "shortages": [{"sku": "TEA", "requested": 2, "available": 1}]}
RELEASED, SHIPPED = {"outcome": "released"}, {"outcome": "shipped"}


def closed(state: str) -> Outcome:
    return {"outcome": "closed", "state": state}


@pytest.mark.parametrize(
    ("available", "steps", "answer", "left"),
    [
        (5, [reserve], RESERVED, (3, 2)),
        (5, [reserve, reserve], RESERVED, (3, 2)),
        (1, [reserve], OUT, (1, 0)),
        (1, [reserve, reserve], OUT, (1, 0)),
        (5, [reserve, release], RELEASED, (5, 0)),
        (5, [reserve, release, release], RELEASED, (5, 0)),
        (5, [reserve, release, reserve], closed("released"), (5, 0)),
        (5, [release, reserve], closed("released"), (5, 0)),
        (1, [reserve, release, reserve], closed("released"), (1, 0)),
        (5, [reserve, ship], SHIPPED, (3, 0)),
        (5, [reserve, ship, ship], SHIPPED, (3, 0)),
        (5, [reserve, ship, release], closed("shipped"), (3, 0)),
        (5, [reserve, ship, reserve], closed("shipped"), (3, 0)),
        (5, [reserve, release, ship], closed("released"), (5, 0)),
        (5, [ship], closed("none"), (5, 0)),
        (1, [reserve, ship], closed("none"), (1, 0)),
        (5, [reserve, expire], {"expired": True}, (5, 0)),
        (5, [reserve, expire, expire], {"expired": False}, (5, 0)),
        (5, [reserve, expire, release], RELEASED, (5, 0)),
        (5, [reserve, expire, reserve], closed("expired"), (5, 0)),
        (5, [reserve, expire, ship], closed("expired"), (5, 0)),
        (5, [reserve, ship, expire], {"expired": False}, (3, 0)),
        (5, [reserve, release, expire], {"expired": False}, (5, 0)),
    ],
    ids=lambda value: "-".join(step.__name__ for step in value) if isinstance(value, list) else None,
)
def test_each_command_in_each_state(
    available: int, steps: list[Callable[[Shop], Outcome]], answer: Outcome, left: tuple[int, int]
):
    shop = Shop({"TEA": article("TEA", available)})

    answers = [step(shop) for step in steps]

    assert answers[-1] == answer
    assert (shop.stock["TEA"].available, shop.stock["TEA"].reserved) == left


def test_a_refusal_is_answered_again_even_if_stock_came_in_between():
    shop = Shop({"TEA": article("TEA", 1)})
    reserve(shop)
    shop.stock["TEA"] = article("TEA", 9)

    assert reserve(shop) == OUT


def test_all_lines_or_none():
    shop = Shop({"TEA": article("TEA", 5), "MUG": article("MUG", 1)})

    answer = use_cases.reserve(shop, wanted(Line("TEA", 2), Line("MUG", 2), Line("POT", 1)))

    assert [short["sku"] for short in answer["shortages"]] == ["MUG", "POT"]
    assert shop.stock == {"TEA": article("TEA", 5), "MUG": article("MUG", 1)}


@pytest.mark.parametrize("available", [5, 1])
def test_an_order_never_changes_its_lines(available: int):
    shop = Shop({"TEA": article("TEA", available)})
    reserve(shop)

    with pytest.raises(ValueError, match="/lines: ord_1 came with other lines"):
        use_cases.reserve(shop, wanted(Line("TEA", 3)))


def test_a_line_per_sku():
    with pytest.raises(ValueError, match="/lines/1/sku: TEA stands in lines/0 already"):
        use_cases.reserve(Shop({}), wanted(Line("TEA", 1), Line("TEA", 1)))


class Racing(Shop):
    """A shop in which another command comes first, just before each write."""

    others: list[Callable[[Shop], Outcome]]

    def _other(self) -> None:
        if self.others:
            self.others.pop(0)(Shop(self.stock, self.reservations))

    def mark(self, mark: Reservation) -> None:
        self._other()
        super().mark(mark)

    def close(self, found: Reservation, closed: Reservation) -> None:
        self._other()
        super().close(found, closed)


@pytest.mark.parametrize(
    ("before", "other", "command", "answer"),
    [
        ([], reserve, release, RELEASED),
        ([reserve], ship, release, closed("shipped")),
        ([reserve], release, ship, closed("released")),
        ([reserve], expire, ship, closed("expired")),
        ([reserve], ship, expire, {"expired": False}),
        ([], release, reserve, closed("released")),
    ],
)
def test_the_loser_of_a_race_decides_anew(
    before: list[Callable[[Shop], Outcome]],
    other: Callable[[Shop], Outcome],
    command: Callable[[Shop], Outcome],
    answer: Outcome,
):
    scarce = command is reserve  # so that the reservation is refused, and the mark of it loses the race
    shop = Racing({"TEA": article("TEA", 1 if scarce else 5)})
    shop.others = []
    for step in before:
        step(shop)
    shop.others = [other]

    assert command(shop) == answer
    assert shop.stock["TEA"].reserved == 0


def test_a_race_without_end_is_given_up():
    class Lost(Shop):
        def close(self, found: Reservation, closed: Reservation) -> None:
            raise ConcurrentChangeError(found.state, closed.state)

        def mark(self, mark: Reservation) -> None:
            raise ReservationFoundError(mark)

    shop = Lost({"TEA": article("TEA", 5)})
    with pytest.raises(StockBusyError):
        release(shop)
    reserve(shop)
    with pytest.raises(StockBusyError):
        ship(shop)


ORDERS = [f"ord_{number}" for number in range(4)]
SKUS = ["MUG", "POT", "TEA"]
LINES = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 5), min_size=1)


class AnyCommands(RuleBasedStateMachine):
    """Commands of several orders in any order and number, and adjustments between them."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop({sku: article(sku, 7) for sku in SKUS})
        self.came = dict.fromkeys(SKUS, 7)
        self.shipped = dict.fromkeys(SKUS, 0)
        self.lines: dict[str, dict[str, int]] = {}
        self.answers: dict[str, Outcome] = {}

    @rule(order=st.sampled_from(ORDERS), lines=LINES)
    def reserve(self, order: str, lines: dict[str, int]) -> None:
        lines = self.lines.setdefault(order, lines)
        asked = Reservation(order, State.RESERVED, "c", AT, tuple(Line(*line) for line in lines.items()), LATER)
        answer = use_cases.reserve(self.shop, asked)
        if answer["outcome"] != "closed":
            assert self.answers.setdefault(order, answer) == answer

    @rule(order=st.sampled_from(ORDERS))
    def release(self, order: str) -> None:
        use_cases.release(self.shop, Change(order, "c", AT))

    @rule(order=st.sampled_from(ORDERS))
    def ship(self, order: str) -> None:
        before = self.shop.load(order)
        if use_cases.ship(self.shop, Change(order, "c", AT)) == SHIPPED and before and before.state is State.RESERVED:
            for line in before.lines:
                self.shipped[line.sku] += line.quantity

    @rule(order=st.sampled_from(ORDERS))
    def expire(self, order: str) -> None:
        due = self.shop.load(order)
        if due is not None and due.state is State.RESERVED:
            use_cases.expire(self.shop, due, LATER)

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(1, 5))
    def deliver(self, sku: str, quantity: int) -> None:
        found = self.shop.stock[sku]
        self.shop.stock[sku] = article(sku, found.available + quantity, found.reserved)
        self.came[sku] += quantity

    @invariant()
    def nothing_is_lost_and_nothing_made_up(self) -> None:
        held = dict.fromkeys(SKUS, 0)
        for reservation in self.shop.reservations.values():
            if reservation.state is State.RESERVED:
                for line in reservation.lines:
                    held[line.sku] += line.quantity
        for sku, stock in self.shop.stock.items():
            assert stock.on_hand == self.came[sku] - self.shipped[sku]
            assert stock.reserved == held[sku]
            assert stock.available >= 0


AnyCommands.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_any_commands_keep_the_invariants = AnyCommands.TestCase
