"""The reservations table: one item per order, written in one transaction with the stock that it moves.

Importing pulls in nothing of AWS; the client is the caller's.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from inventory.adapters.stock import StockTable, read_stock
from inventory.domain import Line, Reservation, Shortage, State
from inventory.use_cases import ConcurrentChangeError, OutOfStockError, ReservationFoundError, StockBusyError
from shared import tracing, transactions
from shared.dynamodb import Item, from_item, to_attribute, to_item
from shared.transactions import BusyError, Patience, RefusedError

PATIENCE = Patience(attempts=25, seconds=8.0)
"""Orders for the same article stand in one line; with the longest single call this stays below the time-out of 30 s."""

DUE_INDEX = "by_due"
DUE_SHARDS = 8
"""Open reservations are spread over so many keys of the index: one key takes a thousand writes a second."""


@dataclass(frozen=True, slots=True)
class ReservationTable:
    """The items of the table; only those that hold stock have a ``due_shard`` and are in the index by_due."""

    client: Any
    table: str
    stock: StockTable
    patience: Patience = PATIENCE

    def load(self, order_id: str) -> Reservation | None:
        """The order's reservation or mark, strongly consistent; None if there is neither. Raises StockBusyError."""
        key = to_item({"order_id": order_id})
        try:
            found = self.patience.call(lambda: self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True))
        except BusyError as busy:
            raise StockBusyError(*busy.args) from None
        return read_reservation(found["Item"]) if "Item" in found else None

    def open(self, wanted: Reservation) -> None:
        """Add the reservation and take its lines.

        Raises ReservationFoundError, OutOfStockError with every article that is short, StockBusyError.
        """
        record = {"Put": self._new(wanted)}
        try:
            self._write("reservations.open", wanted, [record, *self._moves(wanted, wanted)])
        except RefusedError as refused:
            if refused.failed(0):
                raise ReservationFoundError(read_reservation(refused.stored(0) or {})) from None
            shortages = (
                _shortage(line, refused.stored(index))
                for index, line in enumerate(wanted.lines, start=1)
                if refused.failed(index)
            )
            raise OutOfStockError(tuple(shortages)) from None

    def mark(self, mark: Reservation) -> None:
        """Add a mark that moves no stock; raises ReservationFoundError, StockBusyError."""
        try:
            transactions.write_one(lambda: self.client.put_item(**self._new(mark)), self.patience)
        except BusyError as busy:
            raise StockBusyError(*busy.args) from None
        except RefusedError as refused:
            raise ReservationFoundError(read_reservation(refused.stored(0) or {})) from None

    def close(self, found: Reservation, closed: Reservation) -> None:
        """Put the reservation into its end and move what that moves; raises ConcurrentChangeError, StockBusyError."""
        record = {
            "Update": {
                "TableName": self.table,
                "Key": to_item({"order_id": found.order_id}),
                "UpdateExpression": (
                    "SET #state = :closed, updated_at = :at, correlation_id = :correlation_id REMOVE due_shard"
                ),
                "ConditionExpression": "#state = :found",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": to_item(
                    {
                        ":found": found.state,
                        ":closed": closed.state,
                        ":at": closed.updated_at,
                        ":correlation_id": closed.correlation_id,
                    }
                ),
            }
        }
        try:
            self._write("reservations.close", closed, [record, *self._moves(found, closed)])
        except RefusedError as refused:
            if refused.failed(0):
                raise ConcurrentChangeError from None
            # What is reserved covers every open reservation, always: someone wrote to the table by hand.
            raise

    def due(self, moment: str) -> Iterator[Reservation]:
        """Open reservations whose time was over by the moment, the longest first within a shard.

        Eventually consistent: the newest may be missing, and one that was closed a moment ago may still be told.
        """
        for shard in range(DUE_SHARDS):
            start: dict[str, Any] = {}
            while True:
                page = self.client.query(
                    TableName=self.table,
                    IndexName=DUE_INDEX,
                    KeyConditionExpression="due_shard = :shard AND expires_at <= :moment",
                    ExpressionAttributeValues={":shard": to_attribute(str(shard)), ":moment": to_attribute(moment)},
                    **start,
                )
                yield from map(read_reservation, page["Items"])
                if "LastEvaluatedKey" not in page:
                    break
                start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _write(self, name: str, reservation: Reservation, items: list[dict[str, Any]]) -> None:
        with tracing.span(name, order_id=reservation.order_id, lines=len(items) - 1):
            try:
                transactions.write(self.client, items, self.patience)
            except BusyError as busy:
                raise StockBusyError(*busy.args) from None

    def _moves(self, found: Reservation, becomes: Reservation) -> list[dict[str, Any]]:
        moves = found.moves_to(becomes.state)
        return [self.stock.moved(move, becomes.updated_at, becomes.correlation_id) for move in moves]

    def _new(self, reservation: Reservation) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Item": to_item(_written(reservation)),
            "ConditionExpression": "attribute_not_exists(order_id)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }


def due_shard(order_id: str) -> str:
    """Which key of the index the order's reservation stands under while it is open."""
    return str(zlib.crc32(order_id.encode()) % DUE_SHARDS)


def read_reservation(item: Item) -> Reservation:
    """The reservation in an item of the table; raises KeyError naming an attribute that is missing."""
    stored = from_item(item)
    return Reservation(
        order_id=stored["order_id"],
        state=State(stored["state"]),
        correlation_id=stored["correlation_id"],
        updated_at=stored["updated_at"],
        lines=tuple(Line(line["sku"], line["quantity"]) for line in stored["lines"]),
        expires_at=stored.get("expires_at"),
        shortages=tuple(
            Shortage(short["sku"], short["requested"], short["available"]) for short in stored.get("shortages", [])
        ),
    )


def _written(reservation: Reservation) -> dict[str, Any]:
    values: dict[str, Any] = {
        "order_id": reservation.order_id,
        "state": reservation.state,
        "correlation_id": reservation.correlation_id,
        "updated_at": reservation.updated_at,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in reservation.lines],
    }
    if reservation.expires_at is not None:
        values |= {"expires_at": reservation.expires_at, "due_shard": due_shard(reservation.order_id)}
    if reservation.shortages:
        values["shortages"] = [short.to_dict() for short in reservation.shortages]
    return values


def _shortage(line: Line, stored: Item | None) -> Shortage:
    return Shortage(line.sku, line.quantity, 0 if stored is None else read_stock(stored).available)
