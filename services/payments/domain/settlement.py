"""What the provider's replies and webhooks make of a payment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from payments.domain.payment import RANK, TAKEN, Intent, Operation, Payment, Refund, Status


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
