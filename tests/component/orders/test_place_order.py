from urllib.parse import urljoin

import pytest

from tests.component.orders.support import ANSWERS, BODY, EVENTS, Call


def test_a_placed_order_is_answered_whole(call: Call, cloud):
    reply = call("POST", "/orders", BODY | {"reference": "basket 7"}, key="key-1")

    order_id = reply.json["order_id"]
    assert reply.status == 201
    assert (
        urljoin("https://example.com/v1/orders", reply.headers["Location"])
        == f"https://example.com/v1/orders/{order_id}"
    )
    moment = reply.json["placed_at"]
    assert reply.json == {
        "order_id": order_id,
        "status": "placed",
        "currency": "EUR",
        "lines": BODY["lines"],
        "total_amount": 900,
        "refunded_amount": 0,
        "payment_method": "pm_approved",
        "reference": "basket 7",
        "placed_at": moment,
        "updated_at": moment,
        "timeline": [{"status": "placed", "at": moment}],
        "sequence": 1,
    }
    assert call("GET", f"/orders/{order_id}").json == reply.json


def test_a_repeated_key_gets_the_very_same_answer_and_places_nothing(call: Call, cloud):
    first = call("POST", "/orders", BODY, key="key-1")
    again = call("POST", "/orders", dict(reversed(BODY.items())), key="key-1")

    assert again == first
    assert cloud.scan(TableName=EVENTS)["Count"] == 1


def test_the_same_answer_comes_after_the_order_was_canceled(call: Call):
    first = call("POST", "/orders", BODY, key="key-1")
    call("POST", f"/orders/{first.json['order_id']}/cancel", {"reason": "changed my mind"})

    assert call("POST", "/orders", BODY, key="key-1") == first


def test_a_key_with_another_body_is_refused(call: Call, cloud):
    call("POST", "/orders", BODY, key="key-1")
    reply = call("POST", "/orders", BODY | {"currency": "USD"}, key="key-1")

    assert reply.problem == (422, "idempotency_key_reused")
    assert reply.flawed == ["Idempotency-Key"]
    assert cloud.scan(TableName=EVENTS)["Count"] == 1


def test_keys_of_different_partners_have_nothing_to_do_with_each_other(call: Call):
    mine = call("POST", "/orders", BODY, key="key-1")
    theirs = call("POST", "/orders", BODY, key="key-1", partner="partner-2")

    assert theirs.status == 201
    assert theirs.json["order_id"] != mine.json["order_id"]


def test_a_record_past_its_time_counts_as_absent_though_ttl_has_not_deleted_it(call: Call, cloud):
    first = call("POST", "/orders", BODY, key="key-1")
    cloud.update_item(
        TableName=ANSWERS,
        Key={"idempotency_key": {"S": "partner-1#place_order#key-1"}},
        UpdateExpression="SET expires_at = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )

    later = call("POST", "/orders", BODY | {"currency": "USD"}, key="key-1")

    assert later.status == 201
    assert later.json["order_id"] != first.json["order_id"]
    assert call("POST", "/orders", BODY | {"currency": "USD"}, key="key-1") == later


def test_an_answer_is_kept_for_a_day(call: Call, cloud):
    reply = call("POST", "/orders", BODY, key="key-1")

    [record] = cloud.scan(TableName=ANSWERS)["Items"]
    [event] = cloud.scan(TableName=EVENTS)["Items"]
    assert record["body"]["S"] == reply.text
    assert record["location"]["S"] == reply.headers["Location"]
    from shared.clock import from_text

    placed_at = from_text(event["occurred_at"]["S"]).timestamp()
    assert int(record["expires_at"]["N"]) == pytest.approx(placed_at + 24 * 60 * 60, abs=2)


@pytest.mark.parametrize("key", [None, "", "k" * 256, "with space", "naïve", "tab\tkey", "newline\n"])
def test_a_missing_or_odd_key_is_named(call: Call, cloud, key: str | None):
    reply = call("POST", "/orders", BODY, key=key)

    assert reply.problem == (400, "invalid_parameter")
    assert reply.flawed == ["Idempotency-Key"]
    assert cloud.scan(TableName=EVENTS)["Count"] == 0


def test_the_longest_key_is_fine(call: Call):
    assert call("POST", "/orders", BODY, key="~" * 255).status == 201


def test_the_largest_order_fits(call: Call):
    lines = [{"sku": f"{'A' * 28}-{number:03}", "quantity": 999, "unit_amount": 99_999_999} for number in range(99)]
    reply = call("POST", "/orders", BODY | {"currency": "KWD", "reference": "ü" * 64, "lines": lines}, key="big")

    assert reply.status == 201
    assert reply.json["total_amount"] == 99 * 999 * 99_999_999


def test_a_sku_that_stands_twice_is_named(call: Call, cloud):
    line = BODY["lines"][0]
    other = {"sku": "MUG-1", "quantity": 1, "unit_amount": 900}
    reply = call("POST", "/orders", BODY | {"lines": [line, other, line]}, key="key-1")

    assert reply.problem == (422, "unprocessable_order")
    assert reply.flawed == ["/lines/2/sku"]
    assert cloud.scan(TableName=EVENTS)["Count"] == 0


def test_an_unknown_currency_is_named(call: Call):
    reply = call("POST", "/orders", BODY | {"currency": "ABC"}, key="key-1")

    assert reply.problem == (422, "unprocessable_order")
    assert reply.flawed == ["/currency"]


def test_a_refused_order_leaves_its_key_free(call: Call):
    call("POST", "/orders", BODY | {"currency": "ABC"}, key="key-1")

    assert call("POST", "/orders", BODY, key="key-1").status == 201


def test_a_call_without_a_partner_is_refused(call: Call):
    assert call("POST", "/orders", BODY, key="key-1", partner=None).problem == (403, "invalid_api_key")


def test_the_callers_correlation_id_goes_into_the_event(call: Call):
    reply = call("POST", "/orders", BODY, key="key-1", headers={"X-Correlation-Id": "basket-77"})
    [event] = call("GET", f"/orders/{reply.json['order_id']}/events").json["items"]

    assert event["correlation_id"] == "basket-77"
