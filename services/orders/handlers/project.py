"""Stream of the event table -> read model."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orders import projection
from orders.adapters.tables import resources
from shared import batch, observability
from shared.dynamodb import from_item

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
    """Entry point: refresh each order that the records name, once; the records of those that failed come again."""
    failed: list[batch.Record] = []
    for order_id, records in _by_order(event["Records"]).items():
        observability.bind(order_id=order_id, correlation_id=_correlation_id(records[-1]))
        try:
            written = projection.refresh(*resources(), order_id)
        except Exception:  # noqa: BLE001 - whatever it was, only this order comes again
            observability.logger.exception("order not projected; its records come again")
            failed.extend(records)
        else:
            observability.logger.debug("order projected", extra={"written": written})
            observability.count("OrdersProjected")
    if failed:
        observability.count("ProjectionFailures", len(failed))
    return batch.failure_response(failed)


def _by_order(records: Iterable[batch.Record]) -> dict[str, list[batch.Record]]:
    orders: dict[str, list[batch.Record]] = {}
    for record in records:
        orders.setdefault(record["dynamodb"]["Keys"]["order_id"]["S"], []).append(record)
    return orders


def _correlation_id(record: batch.Record) -> str | None:
    image = from_item(record["dynamodb"].get("NewImage", {}))
    return image.get("correlation_id")
