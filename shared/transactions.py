"""Writes to DynamoDB that others may be in the way of: whole transactions, and patience with a table that is busy.

Imports the standard library only; the client is the caller's.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.aws import error_code, is_throttling
from shared.dynamodb import Item

MAX_ITEMS = 100
"""DynamoDB's limit for one transaction."""

FIRST_DELAY_SECONDS = 0.02
LONGEST_DELAY_SECONDS = 0.5

_CONDITION_FAILED = "ConditionalCheckFailed"
_BUSY_REASONS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_CONFLICTS = {"TransactionConflictException", "TransactionInProgressException"}


class BusyError(Exception):
    """DynamoDB kept refusing because of other transactions or throttling; the caller may try later."""


class RefusedError(Exception):
    """A condition did not hold; nothing was written. A single write is item 0."""

    def __init__(self, reasons: Sequence[dict[str, Any]]) -> None:
        super().__init__(", ".join(reason["Code"] for reason in reasons))
        self._reasons = reasons

    def failed(self, index: int) -> bool:
        """Whether it was the condition of this item of the transaction."""
        return bool(self._reasons[index]["Code"] == _CONDITION_FAILED)

    def stored(self, index: int) -> Item | None:
        """What is stored in place of this item; None if nothing is, or if the item did not ask (ALL_OLD)."""
        return self._reasons[index].get("Item")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try: ``attempts``, none of which begins later than ``seconds`` after the first.

    A single refusal may take botocore seconds, with attempts of its own. ``sleep`` waits between the attempts,
    ``clock`` tells seconds.
    """

    attempts: int = 8
    seconds: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def call[Answer](self, write: Callable[[], Answer]) -> Answer:
        """Call until DynamoDB is not busy; raises BusyError, and what else the call raises at once."""
        from botocore.exceptions import ClientError

        give_up_at = self.clock() + self.seconds
        for attempt in range(self.attempts):
            if attempt:
                longest = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
                self.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
                if self.clock() > give_up_at:
                    break
            try:
                return write()
            except ClientError as error:
                if not _is_busy(error):
                    raise
        raise BusyError("DynamoDB refused again and again because of other writers or throttling")


DEFAULT_PATIENCE = Patience()


def write_one[Answer](call: Callable[[], Answer], patience: Patience = DEFAULT_PATIENCE) -> Answer:
    """Make one put, update or delete; raises RefusedError if its condition does not hold, BusyError."""
    from botocore.exceptions import ClientError

    try:
        return patience.call(call)
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
        stored: dict[str, Any] = {"Code": _CONDITION_FAILED, **error.response}
        raise RefusedError([stored]) from None


def write(client: Any, items: list[dict[str, Any]], patience: Patience = DEFAULT_PATIENCE) -> None:
    """Write all items or none; raises RefusedError if a condition does not hold, BusyError when patience ends.

    While any item is in another's way the whole is tried again, even if a condition failed beside it: conditions are
    judged one by one, and only an undisturbed judgement of all of them is that of one moment.
    """
    from botocore.exceptions import ClientError

    try:
        patience.call(lambda: client.transact_write_items(TransactItems=items))
    except ClientError as error:
        reasons = _reasons(error)
        if any(reason["Code"] == _CONDITION_FAILED for reason in reasons):
            raise RefusedError(reasons) from None
        raise


def _is_busy(error: Any) -> bool:
    in_the_way = is_throttling(error) or error_code(error) in _CONFLICTS
    return in_the_way or any(reason["Code"] in _BUSY_REASONS for reason in _reasons(error))


def _reasons(error: Any) -> Sequence[dict[str, Any]]:
    """Why each item was refused, in their order; [] if the call as a whole was."""
    reasons: Sequence[dict[str, Any]] = error.response.get("CancellationReasons", [])
    return reasons
