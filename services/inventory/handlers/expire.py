"""Every minute: gives back the reservations whose time is over."""

from typing import TYPE_CHECKING, Any

from inventory import use_cases
from inventory.domain import Reservation
from inventory.resources import reservations
from inventory.use_cases import StockBusyError
from shared import observability
from shared.clock import now, to_text

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SAFETY_MILLISECONDS = 25_000
"""What is kept of the time-out: one more reservation is 8 s of patience and one call of 12 s at the worst."""


class NotExpiredError(Exception):
    """Some reservations could not be given back, and it is not that others were in the way; the log names them."""


@observability.handler(prepare=reservations)
def handler(_event: dict[str, Any], context: "LambdaContext") -> dict[str, int]:
    """Entry point: answers {"expired": how many}. What is not done when time runs short is due in the next minute too.

    Raises NotExpiredError once all others are done; what failed stays due and is tried again every minute.
    """
    expired = failed = 0
    for due in reservations().due(to_text(now())):
        observability.bind(order_id=due.order_id, correlation_id=due.correlation_id)
        try:
            expired += _expire(due)
        except Exception:  # noqa: BLE001 - whatever it was, the others must be given back
            observability.logger.exception("reservation not given back; it stays due")
            failed += 1
        if context.get_remaining_time_in_millis() < SAFETY_MILLISECONDS:
            break
    observability.count("ReservationsExpired", expired)
    if failed:
        raise NotExpiredError(f"{failed} reservations were not given back")
    return {"expired": expired}


def _expire(due: Reservation) -> bool:
    try:
        expired = use_cases.expire(reservations(), due, to_text(now()))
    except StockBusyError:
        observability.logger.warning("the stock is busy; the reservation stays due")
        return False
    if expired:
        observability.logger.info("reservation expired", extra={"expires_at": due.expires_at})
    return expired
