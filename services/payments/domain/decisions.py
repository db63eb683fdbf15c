"""What comes next for a command: its outcome is known, or the provider is to be called, or to be asked first."""

from dataclasses import dataclass, replace
from typing import Any

from payments.domain.payment import TAKEN, Intent, Operation, Payment, Status
from shared.money import Money

type Outcome = dict[str, Any]

MAX_REFUNDS = 100
"""Of one payment: they are part of its one item in the table."""


class ConflictingCommandError(ValueError):
    """The command contradicts an earlier one of the same order or refund; the message names the field."""


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


def closed(state: str) -> Outcome:
    """The outcome of what can no longer be done."""
    return {"outcome": "closed", "state": str(state)}
