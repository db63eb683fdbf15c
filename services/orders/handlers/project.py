"""Stream of the event table -> read model."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orders import projection
from orders.adapters.tables import resources
from shared import batch, observability
from shared.dynamodb import from_item

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SAFETY_MILLISECONDS = 25_000
"""What is kept of the time-out: one more order is two calls of 12 s at the worst."""


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
    """Entry point: refresh each order that the records name, once.

    The records of orders that failed come again, and those of the orders for which no time is left: a batch that is cut
    off would come again whole, and no nearer to its end.
    """
    failed: list[batch.Record] = []
    late: list[batch.Record] = []
    for order_id, records in _by_order(event["Records"]).items():
        observability.bind(order_id=order_id, correlation_id=_correlation_id(records[-1]))
        if context.get_remaining_time_in_millis() < SAFETY_MILLISECONDS:
            observability.logger.warning("no time is left for this order; its records come again")
            late.extend(records)
        elif not _project(order_id):
            failed.extend(records)
    if failed:
        observability.count("ProjectionFailures", len(failed))
    return batch.failure_response(failed + late)


def _project(order_id: str) -> bool:
    """Refresh the order; False when it failed, which the log explains."""
    try:
        written = projection.refresh(*resources(), order_id)
    except Exception:  # noqa: BLE001 - whatever it was, only this order comes again
        observability.logger.exception("order not projected; its records come again")
        return False
    observability.logger.debug("order projected", extra={"written": written})
    observability.count("OrdersProjected")
    return True


def _by_order(records: Iterable[batch.Record]) -> dict[str, list[batch.Record]]:
    orders: dict[str, list[batch.Record]] = {}
    for record in records:
        orders.setdefault(record["dynamodb"]["Keys"]["order_id"]["S"], []).append(record)
    return orders


def _correlation_id(record: batch.Record) -> str | None:
    image = from_item(record["dynamodb"].get("NewImage", {}))
    return image.get("correlation_id")
