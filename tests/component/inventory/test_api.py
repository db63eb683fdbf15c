"""The stock API: what is shown, counted and adjusted, and what is refused."""

import json
from typing import Any

import pytest

from shared import aws
from shared.clock import from_text
from tests.component.gateway import Call
from tests.component.inventory.support import (
    ADJUSTMENTS,
    ANSWERS,
    MUG,
    STOCK,
    TEA,
    Command,
    canceled_transaction,
    new_order,
)


def adjustment(*lines: tuple[str, int], reason: str = "delivery") -> dict[str, Any]:
    return {"reason": reason, "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines]}


@pytest.fixture
def tea(call: Call) -> str:
    assert call("PUT", f"/stock/{TEA}", {"on_hand": 5}).status == 201
    return TEA


def test_a_new_article_is_made_and_shown(call: Call):
    made = call("PUT", f"/stock/{TEA}", {"on_hand": 5})

    assert (made.status, made.headers["Location"]) == (201, f"stock/{TEA}")
    assert call("GET", f"/stock/{TEA}").json == made.json
    shown = made.json
    from_text(shown.pop("updated_at"))
    assert shown == {
        "sku": TEA,
        "on_hand": 5,
        "reserved": 0,
        "available": 5,
        "low_stock_threshold": 5,
        "sequence": 1,
    }


def test_counting_sets_what_is_on_hand_and_leaves_what_is_reserved(call: Call, command: Command, tea: str):
    command("reserve", new_order(), lines={TEA: 3})

    counted = call("PUT", f"/stock/{TEA}", {"on_hand": 10})

    assert counted.status == 200
    assert "Location" not in counted.headers
    assert (counted.json["on_hand"], counted.json["reserved"], counted.json["available"]) == (10, 3, 7)
    assert call("PUT", f"/stock/{TEA}", {"on_hand": 3}).json["available"] == 0


def test_no_fewer_can_be_on_hand_than_are_reserved(call: Call, command: Command, tea: str):
    command("reserve", new_order(), lines={TEA: 3})

    refused = call("PUT", f"/stock/{TEA}", {"on_hand": 2})

    assert refused.problem == (409, "insufficient_stock")
    assert refused.flawed == ["/on_hand"]
    assert "3 are reserved" in refused.json["detail"]
    assert call("GET", f"/stock/{TEA}").json["on_hand"] == 5


def test_a_threshold_stays_until_another_is_set(call: Call):
    bodies: list[dict[str, Any]] = [{"on_hand": 5, "low_stock_threshold": 2}, {"on_hand": 6}]
    assert [call("PUT", f"/stock/{TEA}", body).json["low_stock_threshold"] for body in bodies] == [2, 2]
    assert call("PUT", f"/stock/{TEA}", {"on_hand": 6, "low_stock_threshold": 0}).json["low_stock_threshold"] == 0


def test_an_adjustment_changes_all_of_its_articles(call: Call, tea: str):
    call("PUT", f"/stock/{MUG}", {"on_hand": 0})

    made = call("POST", "/stock/adjustments", adjustment((TEA, -2), (MUG, 7)), key="k")

    assert made.status == 201
    assert [call("GET", f"/stock/{sku}").json["on_hand"] for sku in (TEA, MUG)] == [3, 7]
    shown = call("GET", f"/{made.headers['Location']}")
    assert shown.json == made.json
    assert shown.json["reason"] == "delivery"
    assert shown.json["lines"] == adjustment((TEA, -2), (MUG, 7))["lines"]


def test_the_same_key_adjusts_once(call: Call, cloud: Any, tea: str):
    first, second = (call("POST", "/stock/adjustments", adjustment((TEA, -2)), key="k") for _ in range(2))

    assert first == second
    assert call("GET", f"/stock/{TEA}").json["on_hand"] == 3
    assert cloud.scan(TableName=ADJUSTMENTS)["Count"] == 1
    other = call("POST", "/stock/adjustments", adjustment((TEA, -1)), key="k")
    assert other.problem == (422, "idempotency_key_reused")
    assert call("POST", "/stock/adjustments", adjustment((TEA, -1)), key="k", partner="partner-2").status == 201


def test_the_answer_comes_again_even_if_the_stock_would_not_do_any_more(call: Call, tea: str):
    first, second = (call("POST", "/stock/adjustments", adjustment((TEA, -4)), key="k") for _ in range(2))
    assert (first.status, first) == (201, second)


def test_reserved_articles_cannot_be_adjusted_away_and_the_key_is_not_used_up(
    call: Call, command: Command, cloud: Any, tea: str
):
    command("reserve", new_order(), lines={TEA: 3})

    refused = call("POST", "/stock/adjustments", adjustment((TEA, -3)), key="k")

    assert refused.problem == (409, "insufficient_stock")
    assert refused.flawed == ["/lines/0/quantity"]
    assert "of which 2 are available" in refused.json["detail"]
    assert cloud.scan(TableName=ADJUSTMENTS)["Count"] == cloud.scan(TableName=ANSWERS)["Count"] == 0
    assert call("POST", "/stock/adjustments", adjustment((TEA, -2)), key="k").status == 201


def test_an_adjustment_is_whole_or_nothing(call: Call, tea: str):
    refused = call("POST", "/stock/adjustments", adjustment((TEA, 1), ("POT-RED", 1), (MUG, -1)), key="k")

    assert refused.problem == (422, "unprocessable_adjustment")
    assert refused.flawed == ["/lines/1/sku", "/lines/2/sku"]
    assert call("GET", f"/stock/{TEA}").json["on_hand"] == 5
    assert call("GET", f"/stock/{MUG}").problem == (404, "not_found")


@pytest.mark.parametrize(
    ("lines", "flawed"),
    [([(TEA, 1), (MUG, 1), (TEA, 2)], "/lines/2/sku"), ([(MUG, 1), (TEA, 0)], "/lines/1/quantity")],
)
def test_rules_that_no_schema_states(call: Call, lines: list[tuple[str, int]], flawed: str):
    refused = call("POST", "/stock/adjustments", adjustment(*lines), key="k")
    assert refused.problem == (422, "unprocessable_adjustment")
    assert refused.flawed == [flawed]


@pytest.mark.parametrize(
    ("body", "flawed"),
    [
        ({}, "/on_hand"),
        ({"on_hand": -1}, "/on_hand"),
        ({"on_hand": 1.5}, "/on_hand"),
        ({"on_hand": True}, "/on_hand"),
        ({"on_hand": 10**9}, "/on_hand"),
        ({"on_hand": 1, "low_stock_threshold": -1}, "/low_stock_threshold"),
        ({"on_hand": 1, "reserved": 1}, "/reserved"),
    ],
)
def test_a_bad_count_names_the_field(call: Call, cloud: Any, body: dict[str, Any], flawed: str):
    refused = call("PUT", f"/stock/{TEA}", raw=json.dumps(body))
    assert refused.problem == (400, "invalid_body")
    assert refused.flawed == [flawed]
    assert cloud.scan(TableName=STOCK)["Count"] == 0


@pytest.mark.parametrize(
    ("body", "flawed"),
    [
        ({"reason": "x"}, "/lines"),
        (adjustment((TEA, 1), reason=""), "/reason"),
        (adjustment(), "/lines"),
        (adjustment(*((f"SKU-{number}", 1) for number in range(99))), "/lines"),
        (adjustment((TEA, 10**6)), "/lines/0/quantity"),
        (adjustment(("tea", 1)), "/lines/0/sku"),
    ],
)
def test_a_bad_adjustment_names_the_field(call: Call, body: dict[str, Any], flawed: str):
    refused = call("POST", "/stock/adjustments", body, key="k")
    assert refused.problem == (400, "invalid_body")
    assert refused.flawed == [flawed]


def test_the_largest_adjustment_fits_into_one_transaction(call: Call):
    skus = [f"SKU-{number:03}" for number in range(98)]
    for sku in skus:
        call("PUT", f"/stock/{sku}", {"on_hand": 0})

    assert call("POST", "/stock/adjustments", adjustment(*((sku, 1) for sku in skus)), key="k").status == 201


@pytest.mark.parametrize("sku", ["te", "tea", "TEA--EARL", "TEA%20", "A" * 33, "TEA\n"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_what_is_no_sku_is_refused(call: Call, method: str, sku: str):
    refused = call(method, f"/stock/{sku}", {"on_hand": 1} if method == "PUT" else None)
    assert refused.problem == (400, "invalid_parameter")
    assert refused.flawed == ["sku"]


@pytest.mark.parametrize("path", [f"/stock/{MUG}", "/stock/adjustments/adj_1", f"/stock/adjustments/ord_{'0' * 26}"])
def test_what_is_not_there_is_not_found(call: Call, path: str):
    assert call("GET", path).problem == (404, "not_found")


@pytest.mark.parametrize("key", [None, "", "a b", "k" * 256])
def test_an_adjustment_needs_a_key(call: Call, key: str | None):
    refused = call("POST", "/stock/adjustments", adjustment((TEA, 1)), key=key)
    assert refused.problem == (400, "invalid_parameter")
    assert refused.flawed == ["Idempotency-Key"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", f"/stock/{TEA}"), ("PUT", f"/stock/{TEA}"), ("POST", "/stock/adjustments")]
)
def test_a_caller_needs_a_key(call: Call, method: str, path: str):
    assert call(method, path, {"on_hand": 1}, partner=None).problem == (403, "invalid_api_key")


def test_a_busy_table_is_told_with_the_time_to_come_again(
    call: Call, tea: str, monkeypatch: pytest.MonkeyPatch, waits: list[float]
):
    def conflicting(**_: Any) -> None:
        raise canceled_transaction("None", "None", "TransactionConflict")

    monkeypatch.setattr(aws.client("dynamodb"), "transact_write_items", conflicting)

    refused = call("POST", "/stock/adjustments", adjustment((TEA, 1)), key="k")

    assert refused.problem == (503, "temporarily_unavailable")
    assert refused.headers["Retry-After"] == "1"
