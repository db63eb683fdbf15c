"""Stream of the stock table -> event bus: stock_low and stock_back, by comparing an article before and after."""

from functools import partial
from typing import TYPE_CHECKING, Any

from inventory.adapters.stock import read_stock
from inventory.alerts import StockEvent, crossing
from shared import batch, observability, outbox

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SOURCE = "tradepost.inventory"


publisher = partial(outbox.publisher, SOURCE)


@observability.handler(prepare=publisher)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
    """Entry point: send an event for each crossing; the records of those that could not be sent come again."""
    _, answer = outbox.publish(event["Records"], _crossing, publisher(), context)
    return answer


def _crossing(record: batch.Record) -> StockEvent | None:
    change = record["dynamodb"]
    if "NewImage" not in change:
        return None  # an article is removed by people only, and says nothing of its stock
    before = read_stock(change["OldImage"]) if "OldImage" in change else None
    return crossing(before, read_stock(change["NewImage"]))
