"""The payment and its parts, as they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.money import Money


class Status(StrEnum):
    """Where a payment stands; RANK tells which way it may go."""

    REQUESTED = "requested"
    DECLINED = "declined"
    AUTHORIZED = "authorized"
    VOIDED = "voided"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


RANK = {
    Status.REQUESTED: 0,
    Status.DECLINED: 1,
    Status.AUTHORIZED: 1,
    Status.VOIDED: 2,
    Status.CAPTURED: 2,
    Status.PARTIALLY_REFUNDED: 3,
    Status.REFUNDED: 4,
}
"""A payment only ever goes to a higher rank: what is told late or twice changes nothing."""

TAKEN = (Status.CAPTURED, Status.PARTIALLY_REFUNDED, Status.REFUNDED)


class Operation(StrEnum):
    """What the provider can be asked to do."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Intent:
    """What the provider has been asked, or is about to be, and what became of it is not written yet."""

    operation: Operation
    key: str
    refund_id: str | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Of ``amount`` minor units; ``reason`` says why it was refused, None if it was paid."""

    amount: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment of one order. Amounts are minor units of the currency of ``amount``.

    ``amount`` is None where a void came before any authorization; ``payment_id`` is the provider's name for it;
    ``reason`` why it was declined, ``capture_refusal`` why it could not be captured. ``version`` counts writes.
    """

    order_id: str
    status: Status = Status.REQUESTED
    amount: Money | None = None
    payment_method: str | None = None
    partner_id: str | None = None
    payment_id: str | None = None
    reason: str | None = None
    capture_refusal: str | None = None
    refunds: Mapping[str, Refund] = field(default_factory=dict)
    intent: Intent | None = None
    version: int = 0

    @property
    def captured_amount(self) -> int:
        return self.amount.amount if self.amount and self.status in TAKEN else 0

    @property
    def refunded_amount(self) -> int:
        return sum(refund.amount for refund in self.refunds.values() if refund.reason is None)

    @property
    def authorization_key(self) -> str:
        """Names the authorization to the provider, whether or not it has arrived there."""
        return f"{self.order_id}.authorize"
