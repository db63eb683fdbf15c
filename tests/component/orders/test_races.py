"""Races, made certain: something happens between what a handler read and what it writes."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orders.adapters.event_store import EventStore, StoreBusyError
from orders.domain import decisions
from orders.domain.order import Line
from shared import aws
from shared.clock import now
from shared.events import Event
from shared.ids import new_id
from shared.transactions import DEFAULT_PATIENCE, Patience
from tests.component.orders.support import ANSWERS, BODY, EVENTS, PARCEL, Call, Tell


def an_event() -> Event:
    cause = decisions.Cause(new_id("evt"), now(), "test")
    return decisions.place(new_id("ord"), "p", "EUR", [Line("SKU", 1, 1)], "pm_x", None, cause)


def canceled_transaction(*codes: str) -> ClientError:
    response: Any = {"Error": {"Code": "TransactionCanceledException", "Message": "no"}}
    response["CancellationReasons"] = [{"Code": code} for code in codes]
    return ClientError(response, "TransactWriteItems")


@pytest.fixture
def before_write(monkeypatch: pytest.MonkeyPatch, handlers: Any) -> Callable[[Callable[[], object]], None]:
    """Let an action happen once, just before the next transaction is written."""
    client = aws.client("dynamodb")
    write = client.transact_write_items
    actions: list[Callable[[], object]] = []

    def interleaved(**arguments: Any) -> Any:
        if actions:
            actions.pop(0)()
        return write(**arguments)

    monkeypatch.setattr(client, "transact_write_items", interleaved)
    return actions.append


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses that would have been made, in seconds."""
    waits: list[float] = []
    monkeypatch.setattr("orders.handlers.api.resources", _with_sleep(waits.append))
    return waits


def _with_sleep(sleep: Callable[[float], None]) -> Callable[[], Any]:
    from dataclasses import replace

    from orders.handlers import api

    made = api.resources()
    quick = replace(made, store=replace(made.store, patience=Patience(sleep=sleep)))
    return lambda: quick


def test_the_loser_of_two_equal_requests_answers_what_the_winner_stored(call: Call, cloud: Any, before_write: Any):
    answers: list[Any] = []
    before_write(lambda: answers.append(call("POST", "/orders", BODY, key="key-1")))

    answers.append(call("POST", "/orders", BODY, key="key-1"))

    winner, loser = answers
    assert winner.status == 201
    assert loser == winner
    assert cloud.scan(TableName=EVENTS)["Count"] == 1


def test_the_loser_with_another_body_is_told(call: Call, before_write: Any):
    before_write(lambda: call("POST", "/orders", BODY, key="key-1"))

    assert call("POST", "/orders", BODY | {"currency": "USD"}, key="key-1").problem == (422, "idempotency_key_reused")


def test_the_loser_of_two_cancellations_finds_the_order_canceled(call: Call, placed: str, before_write: Any):
    answers: list[Any] = []
    before_write(lambda: answers.append(call("POST", f"/orders/{placed}/cancel", {"reason": "first"})))

    answers.append(call("POST", f"/orders/{placed}/cancel", {"reason": "second"}))

    winner, loser = answers
    assert winner.status == loser.status == 200
    assert winner.text == loser.text
    events = call("GET", f"/orders/{placed}/events").json["items"]
    assert [event["data"].get("reason") for event in events] == [None, "first"]


def test_a_cancellation_that_loses_every_race_is_told_so(
    call: Call, placed: str, monkeypatch: pytest.MonkeyPatch, no_waiting: Any
):
    def taken(**_: Any) -> None:
        raise canceled_transaction("ConditionalCheckFailed")

    monkeypatch.setattr(aws.client("dynamodb"), "transact_write_items", taken)

    reply = call("POST", f"/orders/{placed}/cancel", {"reason": "x"})

    assert reply.problem == (409, "concurrent_update")


def test_a_conflict_is_tried_again_after_a_growing_pause(
    call: Call, monkeypatch: pytest.MonkeyPatch, no_waiting: list[float]
):
    client = aws.client("dynamodb")
    write, conflicts = client.transact_write_items, [("None", "TransactionConflict")] * 3

    def conflicting(**arguments: Any) -> Any:
        if conflicts:
            raise canceled_transaction(*conflicts.pop())
        return write(**arguments)

    monkeypatch.setattr(client, "transact_write_items", conflicting)

    assert call("POST", "/orders", BODY, key="key-1").status == 201
    assert len(no_waiting) == 3
    assert all(0.01 * 2**n <= wait <= 0.02 * 2**n for n, wait in enumerate(no_waiting))


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError"])
def test_conflicts_without_end_are_answered_503_and_nothing_is_written(
    call: Call, cloud: Any, monkeypatch: pytest.MonkeyPatch, no_waiting: list[float], code: str
):
    def conflicting(**_: Any) -> None:
        raise canceled_transaction("None", code)

    monkeypatch.setattr(aws.client("dynamodb"), "transact_write_items", conflicting)

    reply = call("POST", "/orders", BODY, key="key-1")

    assert reply.problem == (503, "temporarily_unavailable")
    assert reply.headers["Retry-After"] == "1"
    assert len(no_waiting) == DEFAULT_PATIENCE.attempts - 1
    assert sum(no_waiting) < 5
    assert cloud.scan(TableName=EVENTS)["Count"] == cloud.scan(TableName=ANSWERS)["Count"] == 0


def test_throttling_of_the_whole_call_is_tried_again():
    class Throttled:
        calls = 0

        def transact_write_items(self, **_: Any) -> None:
            self.calls += 1
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "TransactWriteItems")

    client = Throttled()

    with pytest.raises(StoreBusyError):
        EventStore(client, EVENTS, Patience(sleep=lambda _: None)).append(an_event())
    assert client.calls == DEFAULT_PATIENCE.attempts


def test_refusals_that_take_long_are_given_up_before_the_function_is_cut_off():
    class Clock:
        seconds = 0.0

    class Throttled:
        calls = 0

        def transact_write_items(self, **_: Any) -> None:
            self.calls += 1
            Clock.seconds += 3  # what botocore spends on attempts of its own
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "TransactWriteItems")

    client = Throttled()
    store = EventStore(client, EVENTS, Patience(sleep=lambda _: None, clock=lambda: Clock.seconds))

    with pytest.raises(StoreBusyError):
        store.append(an_event())
    assert client.calls == 2
    assert Clock.seconds < 10


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
@pytest.mark.parametrize("path", ["/orders/{}", "/orders/{}/events", "/orders"])
def test_a_throttled_read_is_answered_503(
    call: Call, placed: str, monkeypatch: pytest.MonkeyPatch, path: str, code: str
):
    def throttled(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "slow down"}}, "Query")

    monkeypatch.setattr(aws.client("dynamodb"), "query", throttled)

    reply = call("GET", path.format(placed))

    assert reply.problem == (503, "temporarily_unavailable")
    assert reply.headers["Retry-After"] == "1"


def test_two_refunds_at_once_never_exceed_the_total(call: Call, completed: str, before_write: Any):
    path = f"/orders/{completed}/refunds"
    replies: list[Any] = []
    before_write(lambda: replies.append(call("POST", path, {"amount": 600, "reason": "x"}, key="a")))

    replies.append(call("POST", path, {"amount": 600, "reason": "x"}, key="b"))

    winner, loser = replies
    assert winner.status == 202
    assert loser.problem == (422, "refund_too_large")


def test_the_loser_of_two_equal_refunds_answers_what_the_winner_stored(call: Call, completed: str, before_write: Any):
    path, body = f"/orders/{completed}/refunds", {"amount": 600, "reason": "x"}
    replies: list[Any] = []
    before_write(lambda: replies.append(call("POST", path, body, key="a")))

    replies.append(call("POST", path, body, key="a"))

    winner, loser = replies
    assert winner.status == 202
    assert loser == winner


def test_a_dispatch_that_overtakes_a_cancellation_wins(call: Call, tell: Tell, placed: str, before_write: Any):
    tell("confirm", placed)
    before_write(lambda: tell("dispatch", placed, **PARCEL))

    reply = call("POST", f"/orders/{placed}/cancel", {"reason": "x"})

    assert reply.problem == (409, "order_not_cancelable")


def test_a_cancellation_that_overtakes_a_dispatch_wins(call: Call, tell: Tell, placed: str, before_write: Any):
    tell("confirm", placed)
    before_write(lambda: call("POST", f"/orders/{placed}/cancel", {"reason": "x"}))

    assert tell("dispatch", placed, **PARCEL) == {"outcome": "closed", "status": "canceled"}


def test_an_error_that_nobody_foresaw_reaches_lambda(call: Call, placed: str, monkeypatch: pytest.MonkeyPatch):
    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Query")

    monkeypatch.setattr(aws.client("dynamodb"), "query", denied)

    with pytest.raises(ClientError, match="AccessDenied"):
        call("GET", f"/orders/{placed}")


def test_an_item_that_the_transaction_may_not_write_is_an_error_not_a_conflict(
    call: Call, monkeypatch: pytest.MonkeyPatch
):
    def invalid(**_: Any) -> None:
        raise canceled_transaction("ValidationError", "None")

    monkeypatch.setattr(aws.client("dynamodb"), "transact_write_items", invalid)

    with pytest.raises(ClientError):
        call("POST", "/orders", BODY, key="key-1")
