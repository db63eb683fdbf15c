"""The payment of an order: what may be asked of the provider next, and what its answers make of the payment.

Pure: no AWS, no network, no clock. A payment is written with its intent before the provider is called and with the
outcome after, so that whoever comes next knows what may have happened: an intent that is still there must be asked
about, never repeated blindly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from shared.money import Money

type Outcome = dict[str, Any]

MAX_REFUNDS = 100
"""Of one payment: they are part of its one item in the table."""


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


class ConflictingCommandError(ValueError):
    """The command contradicts an earlier one of the same order or refund; the message names the field."""


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


@dataclass(frozen=True, slots=True)
class Authorize:
    """Hold the amount. ``partner_id`` says who may read the payment."""

    order_id: str
    amount: Money
    payment_method: str
    partner_id: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """Take what is held."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Void:
    """Let go of what is held, or will be."""

    order_id: str


@dataclass(frozen=True, slots=True)
class RefundPart:
    """Give back a part of what was taken, once per ``refund_id``."""

    order_id: str
    refund_id: str
    amount: Money


type Command = Authorize | Capture | Void | RefundPart


@dataclass(frozen=True, slots=True)
class Done:
    """The outcome is known; a ``payment`` that comes with it is to be stored first."""

    outcome: Outcome
    payment: Payment | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """Store the payment, which has the intent, then ask the provider to do it."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class Ask:
    """An earlier attempt left its intent: ask the provider what became of it."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider did it; ``payment_id`` after an authorization."""

    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """The provider, or the bank behind it, will not; ``reason`` is its code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The payment is in another state at the provider; ``state`` is its code: voided, captured, refunded, ..."""

    state: str


type Reply = Accepted | Declined | Conflict


def decide(payment: Payment | None, command: Command) -> Done | Call | Ask:
    """The next step for a command, given the payment as it is stored (None: no command of this order came before).

    Raises ConflictingCommandError for a command that is not the one it repeats.
    """
    if payment is not None and payment.intent is not None:
        return Ask(payment)
    match command:
        case Authorize():
            return _authorize(payment, command)
        case Capture():
            return _capture(payment or Payment(command.order_id))
        case Void():
            return _void(payment, command)
        case RefundPart():
            return _refund(payment or Payment(command.order_id), command)


def _authorize(payment: Payment | None, command: Authorize) -> Done | Call:
    if payment is None:
        payment = Payment(
            command.order_id, Status.REQUESTED, command.amount, command.payment_method, command.partner_id
        )
    if payment.status is Status.VOIDED:
        return Done(closed(payment.status))
    if payment.amount != command.amount:
        raise ConflictingCommandError(f"/amount: {command.amount}, but this order's payment is of {payment.amount}")
    if payment.payment_method != command.payment_method:
        raise ConflictingCommandError("/payment_method: this order was to be paid with another one before")
    if payment.status is Status.REQUESTED:
        return Call(replace(payment, intent=Intent(Operation.AUTHORIZE, payment.authorization_key)))
    if payment.status is Status.DECLINED:
        return Done({"outcome": "declined", "reason": payment.reason})
    return Done({"outcome": "authorized"})


def _capture(payment: Payment) -> Done | Call:
    if payment.status in TAKEN:
        return Done({"outcome": "captured"})
    if payment.status is not Status.AUTHORIZED:
        return Done(closed("none" if payment.status is Status.REQUESTED else payment.status))
    if payment.capture_refusal is not None:
        return Done({"outcome": "declined", "reason": payment.capture_refusal})
    return Call(replace(payment, intent=Intent(Operation.CAPTURE, f"{payment.order_id}.capture")))


def _void(payment: Payment | None, command: Void) -> Done | Call:
    voided: Outcome = {"outcome": "voided"}
    if payment is None or payment.status is Status.DECLINED:
        # Nothing is held, nor on its way: an authorization is written here before it is sent.
        mark = payment or Payment(command.order_id)
        return Done(voided, replace(mark, status=Status.VOIDED))
    if payment.status is Status.VOIDED:
        return Done(voided)
    if payment.status in TAKEN:
        return Done(closed(Status.CAPTURED))
    return Call(replace(payment, intent=Intent(Operation.VOID, f"{payment.order_id}.void")))


def _refund(payment: Payment, command: RefundPart) -> Done | Call:
    known = payment.refunds.get(command.refund_id)
    if known is not None:
        if known.amount != command.amount.amount:
            raise ConflictingCommandError(
                f"/amount: {command.amount}, but {command.refund_id} came with another before"
            )
        return Done({"outcome": "refunded"} if known.reason is None else {"outcome": "refused", "reason": known.reason})
    reason = _refusal(payment, command)
    if reason is not None:
        return Done({"outcome": "refused", "reason": reason})
    key = f"{payment.order_id}.refund.{command.refund_id}"
    return Call(replace(payment, intent=Intent(Operation.REFUND, key, command.refund_id, command.amount.amount)))


def _refusal(payment: Payment, command: RefundPart) -> str | None:
    """Why the refund need not even be sent; the provider has the last word on the others."""
    if payment.status not in TAKEN or payment.amount is None:
        return "not_captured"
    if command.amount.currency != payment.amount.currency:
        return "currency_mismatch"
    if command.amount.amount > payment.captured_amount - payment.refunded_amount:
        return "exceeds_captured"
    if len(payment.refunds) >= MAX_REFUNDS:
        return "too_many_refunds"
    return None


def settle(payment: Payment, reply: Reply) -> Payment:
    """The payment after the provider's reply to its intent."""
    intent, payment = _without_intent(payment)
    match intent.operation, reply:
        case Operation.AUTHORIZE, Accepted(payment_id):
            return replace(payment, status=Status.AUTHORIZED, payment_id=payment_id)
        case Operation.AUTHORIZE, Declined(reason):
            return replace(payment, status=Status.DECLINED, reason=reason)
        case Operation.CAPTURE, Declined(reason):
            return replace(payment, capture_refusal=reason)
        case Operation.REFUND, _:
            return _with_refund(payment, intent, reply)
    return replace(payment, status=_status_after(intent.operation, reply))


def _status_after(operation: Operation, reply: Reply) -> Status:
    match operation, reply:
        case (Operation.CAPTURE, Accepted() | Conflict("captured" | "refunded")) | (
            Operation.VOID,
            Conflict("captured"),
        ):
            return Status.CAPTURED
        case (Operation.AUTHORIZE | Operation.CAPTURE, Conflict("voided")) | (Operation.VOID, Accepted()):
            return Status.VOIDED
    raise ValueError(f"the provider cannot answer {operation} with {reply}")


def abandon(payment: Payment) -> Payment:
    """The payment without its intent, of which the provider has never heard.

    Should the request arrive after all, its key and the provider's own rules keep it from doing harm: the same key does
    a thing once, a voided authorization is refused, no more can be given back than was taken.
    """
    return _without_intent(payment)[1]


def _without_intent(payment: Payment) -> tuple[Intent, Payment]:
    if payment.intent is None:
        raise ValueError(f"the payment of {payment.order_id} has no intent")
    return payment.intent, replace(payment, intent=None)


def _with_refund(payment: Payment, intent: Intent, reply: Reply) -> Payment:
    if intent.refund_id is None or intent.amount is None:
        raise ValueError("the intent of a refund has its id and amount")
    reason: str | None = None
    match reply:
        case Declined(code) | Conflict(code):
            reason = code
    return _with_refunds(payment, {intent.refund_id: Refund(intent.amount, reason)})


def _with_refunds(payment: Payment, refunds: Mapping[str, Refund]) -> Payment:
    """The payment with these refunds beside those it has; of one that it knows it knows better."""
    changed = replace(payment, refunds={**refunds, **payment.refunds})
    if changed.refunded_amount == 0 or changed.status not in TAKEN:
        return changed
    all_of_it = changed.refunded_amount == changed.captured_amount
    return replace(changed, status=Status.REFUNDED if all_of_it else Status.PARTIALLY_REFUNDED)


@dataclass(frozen=True, slots=True)
class Sighting:
    """The payment as a webhook shows it: as it was at the provider at some time, perhaps long ago."""

    payment_id: str
    status: Status
    reason: str | None = None
    refunds: Mapping[str, Refund] = field(default_factory=dict)


def observe(payment: Payment, seen: Sighting) -> Payment:
    """The payment after a webhook, which may be late, repeated or out of order: it only ever goes forward."""
    if payment.payment_id not in (None, seen.payment_id):
        return payment
    if RANK[seen.status] > RANK[payment.status]:
        payment = replace(payment, status=seen.status, reason=seen.reason)
    payment = _with_refunds(replace(payment, payment_id=seen.payment_id), seen.refunds)
    return replace(payment, intent=None) if _answers(payment) else payment


def _answers(payment: Payment) -> bool:
    """Whether what is known by now says what became of the intent."""
    match payment.intent:
        case Intent(Operation.AUTHORIZE):
            return payment.status is not Status.REQUESTED
        case Intent(Operation.CAPTURE) | Intent(Operation.VOID):
            return RANK[payment.status] >= RANK[Status.CAPTURED]
        case Intent(Operation.REFUND, refund_id=refund_id):
            return refund_id in payment.refunds
    return False


def closed(state: str) -> Outcome:
    """The outcome of what can no longer be done."""
    return {"outcome": "closed", "state": str(state)}
