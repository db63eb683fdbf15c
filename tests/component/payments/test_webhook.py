"""The provider's webhooks as they arrive: signed, forged, late, twice, out of order."""

import json
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from payments.adapters.payment_store import ConcurrentUpdateError, PaymentStore
from payments.handlers.webhook import REREAD_SECONDS
from payments.signature import TOLERANCE_SECONDS
from scripts.local.psp.webhooks import SIGNATURE, sign
from shared.ids import new_id
from tests.component.gateway import Reply, sender
from tests.component.payments.support import PAYMENTS, WEBHOOK_SECRET, Charge, new_order
from tests.component.psp import Psp
from tests.waiting import eventually

type Deliver = Callable[..., Reply]


def event(payment: dict[str, Any], kind: str = "captured", **data: Any) -> dict[str, Any]:
    return {"id": new_id("pev"), "type": f"payment.{kind}", "created": 1, "data": {**payment, "status": kind, **data}}


@pytest.fixture
def deliver(handlers: dict[str, ModuleType], signing_secret: str) -> Deliver:
    """Post an event as the provider does; ``header`` in place of its signature."""
    send = sender(handlers["webhook"])

    def post(body: Any, *, header: str | None = None, secret: str = "", at: float = 0, base64: bool = False) -> Reply:
        import base64 as encoding

        text = body if isinstance(body, str) else json.dumps(body)
        signed = sign(secret or signing_secret, text.encode(), int(time.time() + at))
        raw = encoding.b64encode(text.encode()).decode() if base64 else text
        headers = {SIGNATURE: signed if header is None else header}
        return send("POST", "/payments/events", raw=raw, base64=base64, headers=headers, partner=None)

    return post


@pytest.fixture
def status(cloud: Any) -> Callable[[str], str]:
    """The status of an order's payment, as it is stored."""

    def read(order_id: str) -> str:
        key = {"order_id": {"S": order_id}, "record": {"S": "payment"}}
        return str(cloud["dynamodb"].get_item(TableName=PAYMENTS, Key=key)["Item"]["status"]["S"])

    return read


@pytest.fixture
def payment(charge: Charge, psp: Psp) -> dict[str, Any]:
    """An authorized payment, as the provider shows it."""
    order_id = new_order()
    charge.authorize(order_id)
    return psp.payment(order_id)


def test_a_webhook_brings_the_payment_forward(deliver: Deliver, payment: dict[str, Any], status: Callable[[str], str]):
    reply = deliver(event(payment))
    assert (reply.status, reply.json["taken"]) == (200, "applied")
    assert status(payment["order_id"]) == "captured"


def test_the_same_webhook_again_does_nothing(deliver: Deliver, payment: dict[str, Any]):
    again = event(payment)
    deliver(again)
    assert deliver(again).json["taken"] == "repeated"
    nothing_new = event(payment, "authorized")
    assert deliver(nothing_new).json["taken"] == "nothing_new"
    assert deliver(nothing_new).json["taken"] == "repeated"


def test_webhooks_out_of_order_leave_the_latest_state(
    deliver: Deliver, payment: dict[str, Any], status: Callable[[str], str]
):
    refund = {"id": "ref_1", "reference": "rfd_x", "amount": payment["amount"], "reason": None}
    for kind, refunds in (("refunded", [refund]), ("captured", []), ("authorized", [])):
        assert deliver(event(payment, kind, refunds=refunds)).status == 200
    assert status(payment["order_id"]) == "refunded"


def test_a_webhook_settles_what_an_attempt_left_open(
    deliver: Deliver, charge: Charge, psp: Psp, status: Callable[[str], str]
):
    order_id = new_order()
    with pytest.raises(Exception, match="still at"):
        charge.authorize(order_id, "pm_slow")
    [made] = eventually(lambda: psp.order(order_id)["payments"])
    assert deliver(event(made, "authorized")).json["taken"] == "applied"
    assert status(order_id) == "authorized"
    assert charge.authorize(order_id, "pm_slow") == {"outcome": "authorized"}


@pytest.mark.parametrize("offset", [-TOLERANCE_SECONDS - 5, TOLERANCE_SECONDS + 5])
def test_a_webhook_outside_the_replay_window_is_refused(deliver: Deliver, payment: dict[str, Any], offset: int):
    reply = deliver(event(payment), at=offset)
    assert reply.problem == (401, "unauthorized")
    assert reply.flawed == [SIGNATURE]


@pytest.mark.parametrize("header", ["t=1,v1=00", "nonsense", "t=1700000000"])
def test_a_forged_webhook_is_refused(
    deliver: Deliver, payment: dict[str, Any], status: Callable[[str], str], header: str
):
    assert deliver(event(payment), header=header).problem == (401, "unauthorized")
    assert deliver(event(payment), secret="whsec_guessed").problem == (401, "unauthorized")
    assert deliver(event(payment), header="").problem == (400, "invalid_parameter")
    assert status(payment["order_id"]) == "authorized"


def test_a_body_that_was_changed_on_the_way_is_refused(deliver: Deliver, payment: dict[str, Any], signing_secret: str):
    good = sign(signing_secret, json.dumps(event(payment)).encode(), int(time.time()))
    assert deliver(event(payment, amount=1), header=good).problem == (401, "unauthorized")


def test_the_body_is_taken_as_it_was_sent(deliver: Deliver, payment: dict[str, Any]):
    odd = json.dumps(event(payment), indent=3, ensure_ascii=False).replace("captured", "captured")
    assert deliver(odd).status == 200
    assert deliver(event(payment, note="\u00e9\u20ac"), base64=True).status == 200


def test_a_new_webhook_secret_is_read_when_the_old_one_does_not_fit(
    deliver: Deliver, payment: dict[str, Any], give_secret: Callable[..., None], handlers: Any
):
    assert deliver(event(payment, "authorized")).status == 200
    give_secret({"signing_secret": "whsec_new"}, WEBHOOK_SECRET)
    _, secret = handlers["webhook"].resources()
    secret._read_at -= REREAD_SECONDS
    assert deliver(event(payment), secret="whsec_new").status == 200


def test_strangers_cannot_make_the_secret_be_read_again_and_again(
    deliver: Deliver, payment: dict[str, Any], handlers: Any, monkeypatch: pytest.MonkeyPatch
):
    _, secret = handlers["webhook"].resources()
    reads: list[object] = []
    read = type(secret)._read

    def count(self: Any) -> Any:
        reads.append(self)
        return read(self)

    monkeypatch.setattr(type(secret), "_read", count)
    secret.clock = lambda: 1000.0
    for _ in range(5):
        assert deliver(event(payment), secret="whsec_guessed").status == 401
    assert len(reads) == 1


def test_what_is_no_payment_of_ours_is_taken_and_left_alone(deliver: Deliver, payment: dict[str, Any]):
    for order_id in (new_order(), "somebody else's"):
        reply = deliver(event({**payment, "order_id": order_id}))
        assert (reply.status, reply.json["taken"]) == (200, "of_no_payment")


def test_a_signed_body_that_says_nothing_is_refused(deliver: Deliver, payment: dict[str, Any]):
    assert deliver("{").problem == (400, "invalid_body")
    assert deliver({"id": "pev_1"}).problem == (400, "invalid_body")
    reply = deliver(event(payment, "captured", refunds=[{"id": "ref_1", "amount": 1.5}]))
    assert "/data/refunds/0/amount" in reply.flawed


def test_a_payment_that_keeps_changing_makes_the_provider_send_again(
    deliver: Deliver, payment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    def lose(*_: Any) -> None:
        raise ConcurrentUpdateError

    monkeypatch.setattr(PaymentStore, "take_in", lose)
    reply = deliver(event(payment))
    assert reply.problem == (503, "temporarily_unavailable")
    assert reply.headers["Retry-After"] == "1"
