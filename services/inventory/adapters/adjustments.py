"""The adjustments table: every change of stock by hand, written in one transaction with the stock that it moves.

Importing pulls in nothing of AWS; the client is the caller's.
"""

from dataclasses import dataclass
from typing import Any

from inventory.adapters.stock import StockTable, read_stock
from inventory.domain import Adjustment, Line
from shared import transactions
from shared.dynamodb import from_item, to_item
from shared.idempotency import AnswerStoredError, Record, read_record
from shared.transactions import DEFAULT_PATIENCE, Patience, RefusedError

_OTHER_ITEMS = 2
"""What stands before the moves in the transaction: the stored answer and the adjustment itself."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Line ``index`` cannot be done: so many are ``available``, None if the article is not known."""

    index: int
    line: Line
    available: int | None


class NotAdjustableError(Exception):
    """Some lines cannot be done; nothing was written."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(", ".join(refusal.line.sku for refusal in refusals))
        self.refusals = refusals


@dataclass(frozen=True, slots=True)
class AdjustmentTable:
    """The items of the table."""

    client: Any
    table: str
    stock: StockTable
    patience: Patience = DEFAULT_PATIENCE

    def get(self, adjustment_id: str) -> Adjustment | None:
        """The adjustment, strongly consistent; None if there is none."""
        key = to_item({"adjustment_id": adjustment_id})
        found = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        if "Item" not in found:
            return None
        stored = from_item(found["Item"])
        return Adjustment(
            adjustment_id=stored["adjustment_id"],
            reason=stored["reason"],
            lines=tuple(Line(line["sku"], line["quantity"]) for line in stored["lines"]),
            adjusted_by=stored["adjusted_by"],
            adjusted_at=stored["adjusted_at"],
            correlation_id=stored["correlation_id"],
        )

    def add(self, adjustment: Adjustment, record: Record, record_table: str, now: int) -> None:
        """Make the adjustment and, in the same transaction, store the answer to the request for it.

        Raises AnswerStoredError if the request has its answer already (``now`` in epoch seconds decides whether that is
        too old to count), NotAdjustableError with every line that cannot be done, BusyError.
        """
        at, correlation_id = adjustment.adjusted_at, adjustment.correlation_id
        moves = [self.stock.moved(move, at, correlation_id) for move in adjustment.moves]
        items = [record.put(record_table, now), {"Put": self._new(adjustment)}, *moves]
        try:
            transactions.write(self.client, items, self.patience)
        except RefusedError as refused:
            answered = refused.stored(0)
            raise (AnswerStoredError(read_record(answered)) if answered else _refusals(adjustment, refused)) from None

    def _new(self, adjustment: Adjustment) -> dict[str, Any]:
        values = {
            "adjustment_id": adjustment.adjustment_id,
            "reason": adjustment.reason,
            "lines": [{"sku": line.sku, "quantity": line.quantity} for line in adjustment.lines],
            "adjusted_by": adjustment.adjusted_by,
            "adjusted_at": adjustment.adjusted_at,
            "correlation_id": adjustment.correlation_id,
        }
        return {
            "TableName": self.table,
            "Item": to_item(values),
            "ConditionExpression": "attribute_not_exists(adjustment_id)",
        }


def _refusals(adjustment: Adjustment, refused: RefusedError) -> NotAdjustableError:
    refusals: list[Refusal] = []
    for index, line in enumerate(adjustment.lines):
        place = _OTHER_ITEMS + index
        if refused.failed(place):
            stored = refused.stored(place)
            refusals.append(Refusal(index, line, None if stored is None else read_stock(stored).available))
    return NotAdjustableError(refusals)
