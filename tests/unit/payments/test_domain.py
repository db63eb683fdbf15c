from dataclasses import replace

import pytest

from payments.domain import decisions, settlement
from payments.domain.decisions import (
    Ask,
    Authorize,
    Call,
    Capture,
    Command,
    ConflictingCommandError,
    Done,
    RefundPart,
    Void,
)
from payments.domain.payment import Operation, Payment, Refund, Status
from payments.domain.settlement import Accepted, Conflict, Declined, Sighting
from shared.money import Money

ORDER = "ord_1"
TEN = Money(1000, "EUR")
AUTHORIZE = Authorize(ORDER, TEN, "pm_a", "partner")
PAYMENT = Payment(ORDER, Status.AUTHORIZED, TEN, "pm_a", "partner", "pay_1", version=2)


def in_status(status: Status) -> Payment:
    return replace(PAYMENT, status=status)


def refund(amount: int, refund_id: str = "rfd_1", currency: str = "EUR") -> RefundPart:
    return RefundPart(ORDER, refund_id, Money(amount, currency))


def test_an_authorization_is_written_before_it_is_sent():
    step = decisions.decide(None, AUTHORIZE)
    assert isinstance(step, Call)
    assert step.payment.intent is not None
    assert (step.payment.intent.operation, step.payment.intent.key) == (Operation.AUTHORIZE, "ord_1.authorize")
    assert (step.payment.amount, step.payment.partner_id) == (TEN, "partner")


@pytest.mark.parametrize("command", [AUTHORIZE, Capture(ORDER), Void(ORDER), refund(1)])
def test_an_intent_that_is_left_is_asked_about_before_anything_else(command: Command):
    left = decisions.decide(None, AUTHORIZE)
    assert isinstance(left, Call)
    assert decisions.decide(left.payment, command) == Ask(left.payment)


@pytest.mark.parametrize(
    ("status", "command", "outcome"),
    [
        (Status.AUTHORIZED, AUTHORIZE, {"outcome": "authorized"}),
        (Status.REFUNDED, AUTHORIZE, {"outcome": "authorized"}),
        (Status.VOIDED, AUTHORIZE, {"outcome": "closed", "state": "voided"}),
        (Status.CAPTURED, Capture(ORDER), {"outcome": "captured"}),
        (Status.VOIDED, Capture(ORDER), {"outcome": "closed", "state": "voided"}),
        (Status.DECLINED, Capture(ORDER), {"outcome": "closed", "state": "declined"}),
        (Status.REQUESTED, Capture(ORDER), {"outcome": "closed", "state": "none"}),
        (Status.VOIDED, Void(ORDER), {"outcome": "voided"}),
        (Status.PARTIALLY_REFUNDED, Void(ORDER), {"outcome": "closed", "state": "captured"}),
        (Status.AUTHORIZED, refund(1), {"outcome": "refused", "reason": "not_captured"}),
        (Status.CAPTURED, refund(1001), {"outcome": "refused", "reason": "exceeds_captured"}),
        (Status.CAPTURED, refund(1, currency="USD"), {"outcome": "refused", "reason": "currency_mismatch"}),
    ],
)
def test_what_needs_no_call(status: Status, command: Command, outcome: decisions.Outcome):
    assert decisions.decide(in_status(status), command) == Done(outcome)


def test_a_void_before_anything_leaves_a_mark_that_closes_a_late_authorization():
    step = decisions.decide(None, Void(ORDER))
    assert isinstance(step, Done)
    assert step.outcome == {"outcome": "voided"}
    assert step.payment is not None
    assert decisions.decide(step.payment, AUTHORIZE) == Done({"outcome": "closed", "state": "voided"})


def test_a_void_goes_to_the_provider_while_an_authorization_may_be_on_its_way():
    step = decisions.decide(in_status(Status.REQUESTED), Void(ORDER))
    assert isinstance(step, Call)


def test_another_amount_or_method_is_a_fault_that_names_the_field():
    with pytest.raises(ConflictingCommandError, match="/amount"):
        decisions.decide(PAYMENT, replace(AUTHORIZE, amount=Money(999, "EUR")))
    with pytest.raises(ConflictingCommandError, match="/payment_method"):
        decisions.decide(PAYMENT, replace(AUTHORIZE, payment_method="pm_b"))
    known = replace(in_status(Status.CAPTURED), refunds={"rfd_1": Refund(5)})
    with pytest.raises(ConflictingCommandError, match="/amount"):
        decisions.decide(known, refund(6))


def settled(payment: Payment, command: Command, reply: settlement.Reply) -> Payment:
    step = decisions.decide(payment, command)
    assert isinstance(step, Call)
    return settlement.settle(step.payment, reply)


def test_a_declined_payment_keeps_its_reason():
    declined = settled(in_status(Status.REQUESTED), AUTHORIZE, Declined("insufficient_funds"))
    assert decisions.decide(declined, AUTHORIZE) == Done({"outcome": "declined", "reason": "insufficient_funds"})


def test_a_capture_that_was_declined_leaves_the_hold_which_can_be_voided():
    held = settled(PAYMENT, Capture(ORDER), Declined("authorization_expired"))
    assert held.status is Status.AUTHORIZED
    assert decisions.decide(held, Capture(ORDER)) == Done({"outcome": "declined", "reason": "authorization_expired"})
    assert settled(held, Void(ORDER), Accepted()).status is Status.VOIDED


def test_refunds_add_up_and_each_is_paid_once():
    payment = settled(in_status(Status.CAPTURED), refund(400), Accepted("ref_1"))
    assert (payment.status, payment.refunded_amount) == (Status.PARTIALLY_REFUNDED, 400)
    assert decisions.decide(payment, refund(400)) == Done({"outcome": "refunded"})
    payment = settled(payment, refund(100, "rfd_2"), Declined("account_closed"))
    assert decisions.decide(payment, refund(100, "rfd_2")) == Done({"outcome": "refused", "reason": "account_closed"})
    payment = settled(payment, refund(600, "rfd_3"), Accepted("ref_3"))
    assert (payment.status, payment.refunded_amount) == (Status.REFUNDED, 1000)


def test_refunds_of_one_payment_are_bounded():
    many = {f"rfd_past_{number}": Refund(1, "account_closed") for number in range(decisions.MAX_REFUNDS)}
    step = decisions.decide(replace(in_status(Status.CAPTURED), refunds=many), refund(1))
    assert step == Done({"outcome": "refused", "reason": "too_many_refunds"})


def test_a_reply_that_makes_no_sense_is_a_fault():
    with pytest.raises(ValueError, match="cannot answer void"):
        settled(PAYMENT, Void(ORDER), Declined("why"))
    with pytest.raises(ValueError, match="no intent"):
        settlement.settle(PAYMENT, Conflict("voided"))


def test_a_webhook_of_another_payment_changes_nothing():
    assert settlement.observe(PAYMENT, Sighting("pay_2", Status.CAPTURED)) == PAYMENT


def test_webhooks_out_of_order_never_bring_a_payment_back():
    later = Sighting("pay_1", Status.REFUNDED, refunds={"rfd_1": Refund(1000)})
    refunded = settlement.observe(PAYMENT, later)
    assert (refunded.status, refunded.refunded_amount) == (Status.REFUNDED, 1000)
    for earlier in (Status.AUTHORIZED, Status.CAPTURED):
        assert settlement.observe(refunded, Sighting("pay_1", earlier)) == refunded


def test_a_webhook_answers_an_intent_that_was_left():
    left = decisions.decide(in_status(Status.CAPTURED), refund(300))
    assert isinstance(left, Call)
    seen = Sighting("pay_1", Status.CAPTURED, refunds={"rfd_1": Refund(300)})
    payment = settlement.observe(left.payment, seen)
    assert payment.intent is None
    assert decisions.decide(payment, refund(300)) == Done({"outcome": "refunded"})


def test_a_refund_that_was_given_at_the_providers_own_desk_counts():
    seen = Sighting("pay_1", Status.CAPTURED, refunds={"ref_desk": Refund(900)})
    payment = settlement.observe(in_status(Status.CAPTURED), seen)
    assert payment.status is Status.PARTIALLY_REFUNDED
    assert decisions.decide(payment, refund(200)) == Done({"outcome": "refused", "reason": "exceeds_captured"})
