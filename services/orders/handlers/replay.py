"""Rebuilds the read model from the events, by hand, while traffic goes on. See the README for how to call it."""

from typing import TYPE_CHECKING, Any

from orders import replaying
from orders.adapters.tables import resources
from shared import observability

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SAFETY_MILLISECONDS = 26_000
"""What is kept of the time-out: one more order is two calls of 12 s at the worst, and the cursor must be answered."""


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Entry point: {"next", "limit"} in, {"orders", "removed", "failed", "next"} out.

    ``limit`` is the most orders and rows to handle, null for no limit. Call again with ``next`` until it is null.
    """
    cursor = replaying.read_cursor(event.get("next"))
    limit = event.get("limit")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise ValueError(f"limit must be a whole number from 1, or null for no limit; got {limit!r}")
    store, read_model = resources()
    progress = replaying.replay(
        store,
        read_model,
        cursor,
        limit,
        has_time=lambda: context.get_remaining_time_in_millis() > SAFETY_MILLISECONDS,
    )
    observability.logger.info("replayed", extra=progress.to_dict())
    observability.count("OrdersReplayed", progress.orders)
    return progress.to_dict()
