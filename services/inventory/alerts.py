"""Events of the stock: it became low, it is back. One for each crossing of the threshold, however often it is told."""

from dataclasses import dataclass, fields
from typing import Any

from inventory.domain import Stock
from shared.clock import from_text
from shared.events import Data
from shared.ids import derived_id

STOCK_LOW = "stock_low"
STOCK_BACK = "stock_back"
CURRENT_VERSIONS = {STOCK_LOW: 1, STOCK_BACK: 1}


@dataclass(frozen=True, slots=True)
class StockEvent:
    """An event of an article: the same envelope as an order's, contracts/events/envelope.json.

    ``sequence`` is that of the change which made the event; most changes make none.
    """

    event_id: str
    type: str
    version: int
    occurred_at: str
    sku: str
    sequence: int
    correlation_id: str
    data: Data

    @property
    def subject(self) -> str:
        """What the event happened to."""
        return self.sku

    def to_dict(self) -> dict[str, Any]:
        """The envelope as JSON values, in the order of the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def crossing(before: Stock | None, after: Stock) -> StockEvent | None:
    """The event of a change that crossed the threshold; None for any other.

    An article that is new was not low before. The id is made of article and change, so that a change which is told
    twice makes the same event: whoever drops ids that it has handled acts once for each crossing.
    """
    was_low = before is not None and before.is_low
    if after.is_low == was_low:
        return None
    event_type = STOCK_LOW if after.is_low else STOCK_BACK
    milliseconds = round(from_text(after.updated_at).timestamp() * 1000)
    return StockEvent(
        event_id=derived_id("evt", milliseconds, event_type, after.sku, after.sequence),
        type=event_type,
        version=CURRENT_VERSIONS[event_type],
        occurred_at=after.updated_at,
        sku=after.sku,
        sequence=after.sequence,
        correlation_id=after.correlation_id,
        data={"available": after.available, "low_stock_threshold": after.low_stock_threshold},
    )
