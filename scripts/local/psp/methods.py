"""The test payment methods: what each one makes of the operations of a payment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """What befalls the first request of an operation."""

    SLOW = "slow"
    """Works, after SLOW_SECONDS."""
    SILENT = "silent"
    """Works, and does not answer: the caller's time-out ends it."""
    BROKEN = "broken"
    """500, and nothing was done."""
    BUSY = "busy"
    """429 with Retry-After, and nothing was done."""


@dataclass(frozen=True, slots=True)
class Method:
    """A payment method. `troubles` and `refusals` (codes) are by operation: authorize, capture, refund."""

    troubles: dict[str, Trouble]
    refusals: dict[str, str]
    copies: int = 1
    late_authorized: bool = False


def _method(*, copies: int = 1, late_authorized: bool = False, **behaviour: Trouble | str) -> Method:
    troubles = {name: what for name, what in behaviour.items() if isinstance(what, Trouble)}
    refusals = {name: what for name, what in behaviour.items() if not isinstance(what, Trouble)}
    return Method(troubles, refusals, copies, late_authorized)


METHODS = {
    "pm_approved": _method(),
    "pm_declined": _method(authorize="card_declined"),
    "pm_insufficient_funds": _method(authorize="insufficient_funds"),
    "pm_capture_declined": _method(capture="authorization_expired"),
    "pm_refund_declined": _method(refund="account_closed"),
    "pm_slow": _method(authorize=Trouble.SLOW),
    "pm_timeout_after_charge": _method(authorize=Trouble.SILENT),
    "pm_timeout_after_capture": _method(capture=Trouble.SILENT),
    "pm_timeout_after_refund": _method(refund=Trouble.SILENT),
    "pm_500_then_fine": _method(authorize=Trouble.BROKEN, capture=Trouble.BROKEN, refund=Trouble.BROKEN),
    "pm_429": _method(authorize=Trouble.BUSY),
    "pm_duplicate_webhooks": _method(copies=2),
    "pm_webhooks_out_of_order": _method(late_authorized=True),
}
UNKNOWN = _method(authorize="unknown_payment_method")


def find(name: str) -> Method:
    """The method of this name; one that is not in the table is declined."""
    return METHODS.get(name, UNKNOWN)
