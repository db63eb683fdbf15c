"""A shop in memory: the stock and the reservations as the tables keep them, for tests of what the commands do."""

from dataclasses import dataclass, field, replace

from inventory.domain import Move, Reservation, Shortage, Stock
from inventory.use_cases import ConcurrentChangeError, OutOfStockError, ReservationFoundError

AT = "2026-01-01T00:00:00.000Z"


def article(sku: str, available: int, reserved: int = 0, threshold: int = 0, sequence: int = 1) -> Stock:
    return Stock(sku, available, reserved, threshold, sequence, AT, "request-1")


@dataclass
class Shop:
    """Follows the protocol `inventory.use_cases.Store`; every write is whole or not at all."""

    stock: dict[str, Stock]
    reservations: dict[str, Reservation] = field(default_factory=dict)

    def load(self, order_id: str) -> Reservation | None:
        return self.reservations.get(order_id)

    def open(self, wanted: Reservation) -> None:
        if wanted.order_id in self.reservations:
            raise ReservationFoundError(self.reservations[wanted.order_id])
        shortages = tuple(
            Shortage(line.sku, line.quantity, found.available if found else 0)
            for line in wanted.lines
            if (found := self.stock.get(line.sku)) is None or found.available < line.quantity
        )
        if shortages:
            raise OutOfStockError(shortages)
        self._move(wanted.moves_to(wanted.state))
        self.reservations[wanted.order_id] = wanted

    def mark(self, mark: Reservation) -> None:
        if mark.order_id in self.reservations:
            raise ReservationFoundError(self.reservations[mark.order_id])
        self.reservations[mark.order_id] = mark

    def close(self, found: Reservation, closed: Reservation) -> None:
        if self.reservations[found.order_id].state is not found.state:
            raise ConcurrentChangeError
        self._move(found.moves_to(closed.state))
        self.reservations[found.order_id] = closed

    def _move(self, moves: list[Move]) -> None:
        for move in moves:
            before = self.stock[move.sku]
            after = replace(
                before,
                available=before.available + move.available,
                reserved=before.reserved + move.reserved,
                sequence=before.sequence + 1,
            )
            assert after.available >= 0
            assert after.reserved >= 0
            self.stock[move.sku] = after
