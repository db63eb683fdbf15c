"""Stock and reservations: what a command makes of an order's reservation, and what that moves in the stock.

Pure: no AWS, no clock, no randomness. Whoever stores a Decision must find the reservation as it was decided upon, and
must write it and all of its moves together or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

type Outcome = dict[str, Any]
"""What a command comes to: contracts/commands/inventory.response.json."""


class RuleBrokenError(Exception):
    """A change of stock breaks a rule that no schema can state; ``pointer`` names the field of the request."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.detail = detail


class State(StrEnum):
    """Where an order's reservation stands. RESERVED alone holds stock; the others are its ends."""

    RESERVED = "reserved"
    OUT_OF_STOCK = "out_of_stock"
    SHIPPED = "shipped"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one article; below zero in an adjustment that takes away."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Shortage:
    """An article of which an order wanted more than there were; ``available`` is 0 for one that is not known."""

    sku: str
    requested: int
    available: int

    def to_dict(self) -> dict[str, Any]:
        """An entry of the answer's ``shortages``."""
        return {"sku": self.sku, "requested": self.requested, "available": self.available}


@dataclass(frozen=True, slots=True)
class Move:
    """By how much a change moves what is available of an article and what is reserved; neither goes below zero."""

    sku: str
    available: int
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Stock:
    """The stock of one article. ``sequence`` counts its changes, ``correlation_id`` is that of the last one.

    What is on hand is not kept but is the sum, so that no change can leave the three at odds.
    """

    sku: str
    available: int
    reserved: int
    low_stock_threshold: int
    sequence: int
    updated_at: str
    correlation_id: str

    @property
    def on_hand(self) -> int:
        """How many are in the shop, reserved or not."""
        return self.available + self.reserved

    @property
    def is_low(self) -> bool:
        """Whether no more are available than the threshold."""
        return self.available <= self.low_stock_threshold


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change of the stock by hand, of several articles together; kept for good."""

    adjustment_id: str
    reason: str
    lines: tuple[Line, ...]
    adjusted_by: str
    adjusted_at: str
    correlation_id: str

    @property
    def moves(self) -> list[Move]:
        """What it does to the stock."""
        return [Move(line.sku, line.quantity) for line in self.lines]


def check_adjustment(lines: Sequence[Line]) -> None:
    """Raise RuleBrokenError for a SKU that stands twice or a quantity of 0."""
    if again := _repeated(lines):
        raise RuleBrokenError(*again)
    for index, line in enumerate(lines):
        if line.quantity == 0:
            raise RuleBrokenError(f"/lines/{index}/quantity", "is 0, which changes nothing; leave the line out")


@dataclass(frozen=True, slots=True)
class Reservation:
    """What an order has reserved, or the mark that it never will. ``expires_at`` is None for one that held nothing."""

    order_id: str
    state: State
    correlation_id: str
    updated_at: str
    lines: tuple[Line, ...] = ()
    expires_at: str | None = None
    shortages: tuple[Shortage, ...] = ()

    def moves_to(self, state: State) -> list[Move]:
        """What reaching the state does to the stock: RESERVED takes, an end of it gives back or ships."""
        if state is State.RESERVED:
            return [Move(line.sku, -line.quantity, line.quantity) for line in self.lines]
        if self.state is not State.RESERVED:
            return []
        if state is State.SHIPPED:
            return [Move(line.sku, 0, -line.quantity) for line in self.lines]
        return [Move(line.sku, line.quantity, -line.quantity) for line in self.lines]


@dataclass(frozen=True, slots=True)
class Decision:
    """A command's outcome, true once the reservation has become ``becomes`` (None: it stays as it is)."""

    outcome: Outcome
    becomes: State | None = None


def check_lines(lines: Sequence[Line]) -> None:
    """Raise ValueError for a SKU that stands twice: an order has one line per SKU."""
    if again := _repeated(lines):
        raise ValueError(": ".join(again))


def reserve(wanted: Reservation, found: Reservation | None) -> Decision:
    """Reserve once; whoever comes again, or too late, is told how the order stands.

    Raises ValueError if the order reserved other lines before: which of the two is meant cannot be known.
    """
    if found is None:
        return Decision({"outcome": "reserved", "expires_at": wanted.expires_at}, State.RESERVED)
    if found.state in (State.RESERVED, State.OUT_OF_STOCK) and set(found.lines) != set(wanted.lines):
        raise ValueError(f"/lines: {found.order_id} came with other lines before; an order's lines never change")
    if found.state is State.RESERVED:
        return Decision({"outcome": "reserved", "expires_at": found.expires_at})
    if found.state is State.OUT_OF_STOCK:
        return Decision({"outcome": "out_of_stock", "shortages": [short.to_dict() for short in found.shortages]})
    return _closed(found.state)


def release(found: Reservation | None) -> Decision:
    """Give back, or leave the mark that a later reserve comes too late; what was given back stays so."""
    if found is None or found.state in (State.RESERVED, State.OUT_OF_STOCK):
        return Decision({"outcome": "released"}, State.RELEASED)
    if found.state is State.SHIPPED:
        return _closed(found.state)
    return Decision({"outcome": "released"})


def ship(found: Reservation | None) -> Decision:
    """Take what is reserved out of the stock."""
    if found is None or found.state is State.OUT_OF_STOCK:
        return Decision({"outcome": "closed", "state": "none"})
    if found.state is State.RESERVED:
        return Decision({"outcome": "shipped"}, State.SHIPPED)
    if found.state is State.SHIPPED:
        return Decision({"outcome": "shipped"})
    return _closed(found.state)


def _closed(state: State) -> Decision:
    return Decision({"outcome": "closed", "state": state.value})


def _repeated(lines: Sequence[Line]) -> tuple[str, str] | None:
    """Pointer to the first line whose SKU stands in an earlier one, and what is wrong with it."""
    first_seen: dict[str, int] = {}
    for index, line in enumerate(lines):
        if line.sku in first_seen:
            earlier = f"lines/{first_seen[line.sku]}"
            return f"/lines/{index}/sku", f"{line.sku} stands in {earlier} already; send one line per SKU"
        first_seen[line.sku] = index
    return None
