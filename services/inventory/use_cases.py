"""The commands of the workflow on an order's reservation: each asks the domain and stores what it decided, once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from inventory import domain
from inventory.domain import Decision, Outcome, Reservation, Shortage, State
from shared.transactions import BusyError

ATTEMPTS = 5
"""How often a command decides anew because the reservation was changed in between; it has two changes in its life."""


class StockBusyError(BusyError):
    """Other orders were in the way for longer than a command waits; nothing was changed, try again."""


class ReservationFoundError(Exception):
    """The order has its reservation, or a mark in its place, already; nothing was written."""

    def __init__(self, reservation: Reservation) -> None:
        super().__init__(f"{reservation.order_id} is {reservation.state}")
        self.reservation = reservation


class OutOfStockError(Exception):
    """Of some articles too few are available; nothing was written."""

    def __init__(self, shortages: tuple[Shortage, ...]) -> None:
        super().__init__(", ".join(short.sku for short in shortages))
        self.shortages = shortages


class ConcurrentChangeError(Exception):
    """The reservation is not what it was found to be; nothing was written."""


class Store(Protocol):
    """Keeps reservations together with the stock that they move. Every method may raise StockBusyError."""

    def load(self, order_id: str) -> Reservation | None:
        """The reservation as it is now; None if there is neither one nor a mark."""

    def open(self, wanted: Reservation) -> None:
        """Add it and take its lines, in one; raises ReservationFoundError or OutOfStockError."""

    def mark(self, mark: Reservation) -> None:
        """Add one that moves no stock; raises ReservationFoundError."""

    def close(self, found: Reservation, closed: Reservation) -> None:
        """Put one in place of the other and move the stock, in one; raises ConcurrentChangeError."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who asks, when: ``at`` is a time as the platform writes it."""

    order_id: str
    correlation_id: str
    at: str


def reserve(store: Store, wanted: Reservation) -> Outcome:
    """Reserve all lines or none. There is no read before the write: what is there already comes back with the refusal.

    A refusal for want of stock is written down as well: the same command again is answered the same, even if stock came
    in between, and whatever reached the order first decides.
    """
    domain.check_lines(wanted.lines)
    try:
        store.open(wanted)
    except ReservationFoundError as found:
        return domain.reserve(wanted, found.reservation).outcome
    except OutOfStockError as short:
        refused = replace(wanted, state=State.OUT_OF_STOCK, expires_at=None, shortages=short.shortages)
    else:
        return domain.reserve(wanted, None).outcome
    try:
        store.mark(refused)
    except ReservationFoundError as found:
        return domain.reserve(wanted, found.reservation).outcome
    return domain.reserve(wanted, refused).outcome


def release(store: Store, change: Change) -> Outcome:
    """Give back what the order has reserved, or keep it from ever reserving."""
    return _close(store, change, domain.release)


def ship(store: Store, change: Change) -> Outcome:
    """Take what the order has reserved out of the stock."""
    return _close(store, change, domain.ship)


def expire(store: Store, due: Reservation, at: str) -> bool:
    """Give back a reservation whose time is over; answers whether it was still there to be given back."""
    try:
        store.close(due, replace(due, state=State.EXPIRED, updated_at=at))
    except ConcurrentChangeError:
        return False
    return True


def _close(store: Store, change: Change, decide: Callable[[Reservation | None], Decision]) -> Outcome:
    for _ in range(ATTEMPTS):
        found = store.load(change.order_id)
        decision = decide(found)
        if decision.becomes is None:
            return decision.outcome
        try:
            _store(store, change, found, decision.becomes)
        except (ReservationFoundError, ConcurrentChangeError):
            continue
        return decision.outcome
    raise StockBusyError(f"the reservation of {change.order_id} kept changing")


def _store(store: Store, change: Change, found: Reservation | None, state: State) -> None:
    if found is None:
        store.mark(Reservation(change.order_id, state, change.correlation_id, change.at))
    else:
        store.close(found, replace(found, state=state, correlation_id=change.correlation_id, updated_at=change.at))
