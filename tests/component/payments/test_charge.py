"""Commands carried out against the provider over HTTP: each outcome, and each way in which an answer is lost."""

import json
from dataclasses import replace
from typing import Any

import pytest

from payments.adapters.circuit_breaker import FAILURES
from payments.adapters.payment_store import PaymentStore
from payments.adapters.provider import Provider
from payments.adapters.provider_http import OutcomeUnknownError, ProviderUnavailableError
from payments.domain.decisions import ConflictingCommandError
from payments.domain.payment import Payment
from shared.transactions import BusyError
from tests.component.gateway import Context
from tests.component.payments.support import PLENTY, Charge, euros, new_order, new_refund
from tests.component.psp import Psp
from tests.ports import free_port


class CrashError(Exception):
    """The process ends here."""


def test_an_order_is_authorized_captured_and_refunded_in_parts(charge: Charge, psp: Psp):
    order_id, refund_id = charge.captured(), new_refund()
    assert charge("refund", order_id, refund_id=refund_id, amount=euros(300)) == {"outcome": "refunded"}
    assert charge("refund", order_id, refund_id=new_refund(), amount=euros(700)) == {"outcome": "refunded"}
    more = charge("refund", order_id, refund_id=new_refund(), amount=euros(1))
    assert more == {"outcome": "refused", "reason": "exceeds_captured"}
    payment = psp.payment(order_id)
    assert (payment["captured_amount"], payment["refunded_amount"], payment["status"]) == (1000, 1000, "refunded")
    assert payment["refunds"][0]["reference"] == refund_id


def test_every_command_may_come_again(charge: Charge, psp: Psp):
    order_id, refund_id = new_order(), new_refund()
    for _ in range(2):
        assert charge.authorize(order_id) == {"outcome": "authorized"}
    for _ in range(2):
        assert charge("capture", order_id) == {"outcome": "captured"}
    for _ in range(2):
        assert charge("refund", order_id, refund_id=refund_id, amount=euros(10)) == {"outcome": "refunded"}
    assert charge.authorize(order_id) == {"outcome": "authorized"}
    assert charge("void", order_id) == {"outcome": "closed", "state": "captured"}
    assert psp.calls(order_id) == {"authorize": 1, "capture": 1, "refund": 1}


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("pm_declined", "card_declined"),
        ("pm_insufficient_funds", "insufficient_funds"),
        ("pm_nobody_knows", "unknown_payment_method"),
    ],
)
def test_a_declined_payment(charge: Charge, psp: Psp, method: str, reason: str):
    order_id = new_order()
    for _ in range(2):
        assert charge.authorize(order_id, method) == {"outcome": "declined", "reason": reason}
    assert charge("capture", order_id) == {"outcome": "closed", "state": "declined"}
    assert charge("void", order_id) == {"outcome": "voided"}
    assert psp.calls(order_id) == {"authorize": 1}


def test_a_capture_that_is_declined_can_be_voided(charge: Charge, psp: Psp):
    order_id = new_order()
    charge.authorize(order_id, "pm_capture_declined")
    for _ in range(2):
        assert charge("capture", order_id) == {"outcome": "declined", "reason": "authorization_expired"}
    assert charge("void", order_id) == {"outcome": "voided"}
    assert psp.payment(order_id)["status"] == "voided"


def test_a_refund_that_is_declined(charge: Charge, psp: Psp):
    order_id, refund_id = charge.captured("pm_refund_declined"), new_refund()
    for _ in range(2):
        outcome = charge("refund", order_id, refund_id=refund_id, amount=euros(10))
        assert outcome == {"outcome": "refused", "reason": "account_closed"}
    assert psp.calls(order_id)["refund"] == 1


@pytest.mark.parametrize(
    ("method", "calls"),
    [("pm_500_then_fine", {"authorize": 2, "capture": 2}), ("pm_429", {"authorize": 2, "capture": 1})],
)
def test_what_the_provider_did_not_do_is_sent_again(charge: Charge, psp: Psp, method: str, calls: dict[str, int]):
    order_id = charge.captured(method)
    assert psp.calls(order_id) == calls
    assert psp.payment(order_id)["captured_amount"] == 1000


def test_a_time_out_after_charging_is_resolved_by_asking(charge: Charge, psp: Psp):
    order_id = charge.captured("pm_timeout_after_charge")
    assert psp.payment(order_id)["captured_amount"] == 1000
    assert psp.calls(order_id) == {"authorize": 1, "capture": 1}, "it was sent again instead"


def test_a_time_out_after_capturing_or_refunding_is_resolved_by_asking(charge: Charge, psp: Psp):
    order_id = charge.captured("pm_timeout_after_capture")
    assert psp.calls(order_id)["capture"] == 1
    order_id = charge.captured("pm_timeout_after_refund")
    assert charge("refund", order_id, refund_id=new_refund(), amount=euros(400)) == {"outcome": "refunded"}
    assert psp.calls(order_id)["refund"] == 1
    assert psp.payment(order_id)["refunded_amount"] == 400


def test_an_answer_that_takes_longer_than_we_wait_is_asked_for_by_the_next_attempt(charge: Charge, psp: Psp):
    order_id = new_order()
    with pytest.raises(OutcomeUnknownError, match="still at"):
        charge.authorize(order_id, "pm_slow")
    outcome: dict[str, Any] = {}
    while not outcome:
        try:
            outcome = charge.authorize(order_id, "pm_slow")
        except (OutcomeUnknownError, ProviderUnavailableError):
            continue
    assert outcome == {"outcome": "authorized"}
    assert psp.calls(order_id) == {"authorize": 1}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("operation", ["authorize", "capture", "refund", "void"])
def test_a_crash_at_any_point_is_resolved_by_the_next_attempt(
    charge: Charge, psp: Psp, monkeypatch: pytest.MonkeyPatch, operation: str, when: str
):
    order_id, refund_id = new_order(), new_refund()

    def carry_out() -> dict[str, Any]:
        if operation == "authorize":
            return charge.authorize(order_id)
        fields: dict[str, Any] = {"refund_id": refund_id, "amount": euros(10)} if operation == "refund" else {}
        return charge(operation, order_id, **fields)

    if operation != "authorize":
        charge.authorize(order_id)
    if operation == "refund":
        charge("capture", order_id)
    perform = Provider.perform

    def crash(self: Provider, payment: Payment) -> Any:
        if when == "after":
            perform(self, payment)
        raise CrashError

    with monkeypatch.context() as patch:
        patch.setattr(Provider, "perform", crash)
        with pytest.raises(CrashError):
            carry_out()
    done = {"authorize": "authorized", "capture": "captured", "refund": "refunded", "void": "voided"}[operation]
    assert carry_out() == {"outcome": done}
    assert psp.calls(order_id)[operation] == 1
    assert len(psp.order(order_id)["payments"]) == 1


def test_a_void_before_anything_closes_a_late_authorization_without_a_call(charge: Charge, psp: Psp):
    order_id = new_order()
    assert charge("void", order_id) == {"outcome": "voided"}
    assert charge.authorize(order_id) == {"outcome": "closed", "state": "voided"}
    assert psp.order(order_id)["requests"] == []


def test_an_authorization_that_arrives_after_the_void_is_refused_by_the_provider(
    charge: Charge, psp: Psp, monkeypatch: pytest.MonkeyPatch
):
    order_id = new_order()
    late: list[tuple[Provider, Payment]] = []
    perform = Provider.perform

    def delay(self: Provider, payment: Payment) -> Any:
        late.append((self, payment))
        raise CrashError

    with monkeypatch.context() as patch:
        patch.setattr(Provider, "perform", delay)
        with pytest.raises(CrashError):
            charge.authorize(order_id)
    assert charge("void", order_id) == {"outcome": "voided"}
    [(provider, payment)] = late
    assert perform(provider, payment).state == "voided"  # type: ignore[union-attr]
    assert psp.order(order_id)["payments"] == []
    assert charge.authorize(order_id) == {"outcome": "closed", "state": "voided"}


def test_a_provider_that_cannot_be_reached_did_nothing(charge: Charge, psp: Psp, monkeypatch: pytest.MonkeyPatch):
    order_id = new_order()
    monkeypatch.setenv("PAYMENT_PROVIDER_URL", f"http://127.0.0.1:{free_port()}")
    charge.module.resources.cache_clear()
    with pytest.raises(ProviderUnavailableError, match="no connection"):
        charge.authorize(order_id)
    monkeypatch.setenv("PAYMENT_PROVIDER_URL", psp.url)
    charge.module.resources.cache_clear()
    assert charge.authorize(order_id) == {"outcome": "authorized"}


def test_a_provider_that_is_down_is_left_alone_after_some_failures(charge: Charge, psp: Psp):
    psp.outage(503)
    order_id = new_order()
    for _ in range(FAILURES):
        with pytest.raises(ProviderUnavailableError, match="503"):
            charge.authorize(order_id)
    with pytest.raises(ProviderUnavailableError, match="circuit breaker is open"):
        charge.authorize(order_id)
    psp.outage(0)
    with pytest.raises(ProviderUnavailableError, match="circuit breaker is open"):
        charge.authorize(order_id)
    charge.module.resources.cache_clear()  # as another process: its breaker is its own
    assert charge.authorize(order_id) == {"outcome": "authorized"}


def test_a_500_that_stays_leaves_the_outcome_open(charge: Charge, psp: Psp):
    psp.outage(500)
    order_id = new_order()
    with pytest.raises(OutcomeUnknownError, match="500"):
        charge.authorize(order_id)
    psp.outage(0)
    assert charge.authorize(order_id) == {"outcome": "authorized"}


def test_a_key_that_was_rotated_is_read_again_once(charge: Charge, psp: Psp, credentials: dict[str, str]):
    charge.captured()
    new = psp.key()
    charge.secret(credentials | {"api_key": new["secret"], "api_key_id": new["id"]})
    psp.admin("DELETE", f"api_keys/{credentials['api_key_id']}")
    charge.captured()


def test_a_key_that_stays_refused_is_a_fault_that_says_so(charge: Charge, psp: Psp, credentials: dict[str, str]):
    psp.admin("DELETE", f"api_keys/{credentials['api_key_id']}")
    with pytest.raises(ProviderUnavailableError, match="refuses the API key"):
        charge.authorize(new_order())


def test_no_call_begins_that_may_not_end_in_time(charge: Charge, psp: Psp):
    order_id = new_order()
    with pytest.raises(OutcomeUnknownError, match="not enough time"):
        charge.authorize(order_id, remaining=10_000)
    assert psp.order(order_id)["requests"] == []
    assert charge.authorize(order_id) == {"outcome": "authorized"}


def test_two_attempts_at_the_same_time_charge_once(charge: Charge, psp: Psp, monkeypatch: pytest.MonkeyPatch):
    order_id = new_order()
    perform = Provider.perform

    def meanwhile(self: Provider, payment: Payment) -> Any:
        """Another attempt does all of it while this one is about to call the provider."""
        with monkeypatch.context() as patch:
            patch.setattr(Provider, "perform", perform)
            assert charge.authorize(order_id) == {"outcome": "authorized"}
            assert charge("capture", order_id) == {"outcome": "captured"}
        return perform(self, replace(payment))

    with monkeypatch.context() as patch:
        patch.setattr(Provider, "perform", meanwhile)
        assert charge.authorize(order_id) == {"outcome": "authorized"}
    assert psp.payment(order_id)["captured_amount"] == 1000


def test_an_outcome_that_could_not_be_written_is_asked_for(charge: Charge, psp: Psp, monkeypatch: pytest.MonkeyPatch):
    order_id, save = new_order(), PaymentStore.save

    def busy(self: PaymentStore, payment: Payment, updated_at: str) -> Payment:
        if payment.intent is None:
            raise BusyError
        return save(self, payment, updated_at)

    with monkeypatch.context() as patch:
        patch.setattr(PaymentStore, "save", busy)
        with pytest.raises(OutcomeUnknownError, match="busy"):
            charge.authorize(order_id)
    assert charge.authorize(order_id) == {"outcome": "authorized"}
    assert psp.calls(order_id) == {"authorize": 1}


def test_a_request_that_breaks_the_contract_names_the_field(charge: Charge):
    good = {"command": "authorize", "order_id": new_order(), "correlation_id": "c", "payment_method": "pm_approved"}
    for event, named in [
        ({**good, "amount": euros(0)}, "/amount/amount"),
        ({**good, "amount": {"amount": 1.5, "currency": "EUR"}}, "/amount/amount"),
        ({**good, "amount": {"amount": 1, "currency": "XXX"}}, "/amount/currency"),
        ({**good, "amount": euros(1), "payment_method": "4242424242424242"}, "/payment_method"),
        ({**good, "amount": euros(1), "order_id": "42"}, "/order_id"),
        (good, "/amount"),
        ({**good, "command": "steal"}, "/command"),
        ({}, "/command"),
    ]:
        with pytest.raises(ValueError, match=named):
            charge.module.handler(event, Context(PLENTY))


def test_another_amount_for_the_same_order_is_a_fault(charge: Charge):
    order_id = new_order()
    charge.authorize(order_id)
    with pytest.raises(ConflictingCommandError, match="/amount"):
        charge.authorize(order_id, cents=999)


def test_no_credential_and_no_payment_method_is_logged(
    charge: Charge, psp: Psp, credentials: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    charge.captured("pm_timeout_after_charge")
    psp.outage(500)
    with pytest.raises(OutcomeUnknownError):
        charge.authorize(new_order(), "pm_slow")
    logged = capsys.readouterr().out
    assert "command carried out" in logged
    assert "unhandled error" in logged
    for secret in (credentials["api_key"], "pm_timeout_after_charge", "pm_slow"):
        assert secret not in logged


def test_money_is_counted_when_it_moves_and_once(charge: Charge, psp: Psp, capsys: pytest.CaptureFixture[str]):
    order_id, refund_id = charge.captured("pm_timeout_after_capture"), new_refund()
    for _ in range(2):
        assert charge("capture", order_id) == {"outcome": "captured"}
        assert charge("refund", order_id, refund_id=refund_id, amount=euros(250)) == {"outcome": "refunded"}

    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"Money' in line]
    moved = [(name, one[name], one["currency"]) for one in counted for name in one if name.startswith("Money")]
    assert moved == [("MoneyCaptured", [10.0], "EUR"), ("MoneyRefunded", [2.5], "EUR")]
    assert all(one["service"] == "payments" for one in counted)
