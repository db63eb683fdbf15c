"""Stock and adjustments as the JSON values of the API."""

from typing import Any

from inventory.domain import Adjustment, Stock


def stock(article: Stock) -> dict[str, Any]:
    """The stock of one article."""
    return {
        "sku": article.sku,
        "on_hand": article.on_hand,
        "reserved": article.reserved,
        "available": article.available,
        "low_stock_threshold": article.low_stock_threshold,
        "updated_at": article.updated_at,
        "sequence": article.sequence,
    }


def adjustment(done: Adjustment) -> dict[str, Any]:
    """An adjustment with its lines."""
    return {
        "adjustment_id": done.adjustment_id,
        "reason": done.reason,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in done.lines],
        "adjusted_at": done.adjusted_at,
    }
