"""The payment provider alone, over HTTP: keys, idempotency, what its test methods do, webhooks, books that stay."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.local.psp.methods import METHODS
from scripts.local.psp.webhooks import SIGNATURE, sign
from shared.ids import new_id
from tests.component.psp import Psp, started
from tests.waiting import eventually


@pytest.fixture(scope="module")
def psp() -> Iterator[Psp]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TRADEPOST_PSP_RETRY_SECONDS", "0.1")
        with started() as provider:
            yield provider


@dataclass
class Shop:
    """A shop with an API key and one order."""

    psp: Psp
    key: dict[str, str]
    order_id: str = field(default_factory=lambda: new_id("ord"))

    def call(self, path: str, body: Any, key: str, timeout: float = 10) -> requests.Response:
        return self.psp.call("POST", path, self.key["secret"], body, f"{self.order_id}.{key}", timeout)

    def authorize(self, method: str = "pm_approved", key: str = "authorize", **more: Any) -> requests.Response:
        timeout = more.pop("timeout", 10)
        body = {"order_id": self.order_id, "amount": 1000, "currency": "EUR", "payment_method": method, **more}
        return self.call("payments", body, key, timeout)

    def void(self, key: str = "void") -> requests.Response:
        return self.call("voids", {"order_id": self.order_id, "authorization_key": f"{self.order_id}.authorize"}, key)

    def asked(self, key: str) -> requests.Response:
        return self.psp.call("GET", f"requests/{self.order_id}.{key}", self.key["secret"])


@pytest.fixture
def shop(psp: Psp) -> Shop:
    return Shop(psp, psp.key())


def code(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_only_valid_keys_are_let_in_and_several_are_valid_at_once(psp: Psp, shop: Shop):
    other = psp.key()
    for key in (shop.key, other):
        assert psp.call("GET", "payments?order_id=none", key["secret"]).json() == {"items": []}
    for key_text in ("", "psk_guessed"):
        assert code(psp.call("GET", "payments?order_id=none", key_text)) == (401, "invalid_api_key")
    assert psp.call("DELETE", f"api_keys/{other['id']}", shop.key["secret"]).status_code == 204
    assert code(psp.call("GET", "payments?order_id=none", other["secret"])) == (401, "invalid_api_key")
    assert code(psp.call("DELETE", f"api_keys/{shop.key['id']}", shop.key["secret"])) == (409, "key_in_use")
    assert code(psp.call("DELETE", "api_keys/key_none", shop.key["secret"])) == (404, "unknown_api_key")


def test_a_key_is_made_once_per_idempotency_key(psp: Psp, shop: Shop):
    first, second, third = (
        psp.call("POST", "api_keys", shop.key["secret"], {}, idempotency_key).json()
        for idempotency_key in ("rotation-1", "rotation-1", "rotation-2")
    )
    assert first == second != third


def test_the_same_request_again_gets_the_same_answer(shop: Shop):
    first, second = shop.authorize(), shop.authorize()
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(shop.psp.order(shop.order_id)["payments"]) == 1
    assert shop.psp.calls(shop.order_id) == {"authorize": 2}
    assert code(shop.authorize(amount=999)) == (422, "idempotency_key_reused")
    assert code(shop.authorize(key="x" * 300)) == (400, "invalid_idempotency_key")


def test_a_request_can_be_asked_about(shop: Shop):
    assert code(shop.asked("authorize")) == (404, "unknown_request")
    made = shop.authorize()
    assert shop.asked("authorize").json() == {"state": "done", "status": 201, "body": made.json()}
    shop.authorize("pm_declined", key="again")
    assert shop.asked("again").json()["status"] == 402


@pytest.mark.parametrize("amount", [0, -1, 1.5, "1", None, True])
def test_a_payment_of_no_amount_is_refused(shop: Shop, amount: Any):
    assert code(shop.authorize(amount=amount)) == (400, "invalid_body")


def test_money_moves_forward_only(shop: Shop):
    payment = shop.authorize().json()["id"]
    refund = {"reference": "rfd_1", "amount": 400}
    assert code(shop.call(f"payments/{payment}/refunds", refund, "early")) == (409, "not_captured")
    assert shop.call(f"payments/{payment}/capture", {}, "capture").json()["captured_amount"] == 1000
    assert code(shop.call(f"payments/{payment}/capture", {}, "capture-2")) == (409, "captured")
    assert code(shop.void()) == (409, "captured")
    assert shop.call(f"payments/{payment}/refunds", refund, "refund").status_code == 201
    too_much = {"reference": "rfd_2", "amount": 601}
    assert code(shop.call(f"payments/{payment}/refunds", too_much, "refund-2")) == (409, "exceeds_captured")
    shown = shop.psp.call("GET", f"payments?order_id={shop.order_id}", shop.key["secret"]).json()["items"]
    assert [(one["id"], one["refunded_amount"]) for one in shown] == [(payment, 400)]
    assert code(shop.call("payments/pay_none/capture", {}, "none")) == (404, "unknown_payment")


def test_a_void_lets_go_and_can_come_again(shop: Shop):
    payment = shop.authorize().json()["id"]
    assert shop.void().json() == shop.void("void-2").json() == {"voided": True}
    assert code(shop.call(f"payments/{payment}/capture", {}, "capture")) == (409, "voided")
    assert shop.psp.payment(shop.order_id)["status"] == "voided"


def test_an_authorization_that_comes_after_its_void_is_refused(shop: Shop):
    assert shop.void().json() == {"voided": True}
    assert code(shop.authorize()) == (409, "voided")
    assert shop.psp.order(shop.order_id)["payments"] == []


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        ("pm_declined", 402, "card_declined"),
        ("pm_insufficient_funds", 402, "insufficient_funds"),
        ("pm_500_then_fine", 500, "internal_error"),
        ("pm_429", 429, "too_many_requests"),
        ("pm_unheard_of", 402, "unknown_payment_method"),
    ],
)
def test_methods_that_do_not_work_at_first(shop: Shop, method: str, status: int, reason: str):
    answer = shop.authorize(method)
    assert code(answer) == (status, reason)
    assert shop.authorize(method).status_code == (status if status == 402 else 201)
    assert (answer.headers.get("Retry-After") == "1") == (method == "pm_429")


def test_a_silent_provider_has_charged(shop: Shop):
    with pytest.raises(requests.ReadTimeout):
        shop.authorize("pm_timeout_after_charge", timeout=0.3)
    assert shop.asked("authorize").json()["status"] == 201
    assert shop.authorize("pm_timeout_after_charge").status_code == 201


def test_a_slow_request_is_worked_on_once(shop: Shop):
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(shop.authorize("pm_slow").status_code))
    first.start()
    eventually(lambda: shop.asked("authorize").json() == {"state": "in_progress"})
    assert code(shop.authorize("pm_slow")) == (409, "request_in_progress")
    assert code(shop.void()) == (409, "request_in_progress")
    first.join()
    assert answers == [201]


def test_an_outage_answers_everyone_alike(shop: Shop):
    shop.psp.outage(503)
    try:
        assert code(shop.authorize()) == (503, "unavailable")
    finally:
        shop.psp.outage(0)
    assert shop.authorize().status_code == 201


class Receiver:
    """An endpoint for webhooks; `refusing` makes it answer 500."""

    def __init__(self) -> None:
        self.refusing = False
        self.taken: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refusing = receiver.refusing
                if not refusing:
                    receiver.taken.append((dict(self.headers.items()), body))
                self.send_response(500 if refusing else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def of(self, order_id: str) -> list[dict[str, Any]]:
        """The events of an order in the order in which they came."""
        events = [json.loads(body) for _, body in self.taken]
        return [event for event in events if event["data"]["order_id"] == order_id]


@pytest.fixture
def receiver(psp: Psp) -> Iterator[Receiver]:
    found = Receiver()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def secret(psp: Psp, receiver: Receiver) -> str:
    return str(psp.admin("PUT", "webhook_endpoint", json={"url": receiver.url}).json()["secret"])


def captured(shop: Shop, method: str) -> None:
    payment = shop.authorize(method).json()["id"]
    shop.call(f"payments/{payment}/capture", {}, "capture")


def test_webhooks_are_signed_over_their_body(shop: Shop, receiver: Receiver, secret: str):
    shop.authorize()
    eventually(lambda: receiver.of(shop.order_id))
    [(headers, body)] = [taken for taken in receiver.taken if shop.order_id.encode() in taken[1]]
    timestamp = int(headers[SIGNATURE].split(",")[0].removeprefix("t="))
    assert headers[SIGNATURE] == sign(secret, body, timestamp)


def test_a_webhook_that_is_not_taken_comes_again(shop: Shop, receiver: Receiver, secret: str):
    receiver.refusing = True
    shop.authorize()
    eventually(lambda: shop.psp.order(shop.order_id)["webhooks"][0]["attempts"] >= 2)
    receiver.refusing = False
    eventually(lambda: receiver.of(shop.order_id))
    eventually(lambda: shop.psp.order(shop.order_id)["webhooks"][0]["status"] == "delivered")


def test_duplicate_webhooks_carry_the_same_id(shop: Shop, receiver: Receiver, secret: str):
    shop.authorize("pm_duplicate_webhooks")
    eventually(lambda: len(receiver.of(shop.order_id)) == 2)
    assert len({event["id"] for event in receiver.of(shop.order_id)}) == 1


def test_webhooks_can_come_out_of_order(shop: Shop, receiver: Receiver, secret: str):
    captured(shop, "pm_webhooks_out_of_order")
    eventually(lambda: len(receiver.of(shop.order_id)) == 2)
    assert [event["type"] for event in receiver.of(shop.order_id)] == ["payment.captured", "payment.authorized"]


def test_the_webhook_secret_stays_until_it_is_rolled(psp: Psp, receiver: Receiver, secret: str):
    same = psp.admin("PUT", "webhook_endpoint", json={"url": receiver.url}).json()
    assert same == {"url": receiver.url, "secret": secret}
    assert psp.admin("PUT", "webhook_endpoint?roll=true", json={"url": receiver.url}).json()["secret"] != secret


def test_its_books_survive_a_stop(tmp_path: Path, receiver: Receiver):
    books = ("--books", str(tmp_path / "books.sqlite3"))
    with started(*books) as psp:
        shop = Shop(psp, psp.key())
        made = shop.authorize()
    with started(*books) as psp:
        again = Shop(psp, shop.key, shop.order_id)
        assert again.authorize().content == made.content
        # What nobody was there to take is still to come.
        psp.admin("PUT", "webhook_endpoint", json={"url": receiver.url})
        eventually(lambda: receiver.of(shop.order_id))
        assert psp.admin("GET", "totals").json() == {"EUR": {"held": 1000, "captured": 0, "refunded": 0}}


def test_every_method_of_the_table_is_told_in_the_documentation():
    told = Path("docs/payment-provider.md").read_text()
    assert [name for name in METHODS if f"`{name}`" not in told] == []
