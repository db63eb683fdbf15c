"""Whatever arrives is answered with a 4xx that names the place; nothing is written and nothing crashes."""

import base64
import json

import pytest

from tests.component.orders.support import ANSWERS, BODY, EVENTS, Call

LINE = BODY["lines"][0]


def order(**changes: object) -> str:
    return json.dumps(BODY | changes)


def line(**changes: object) -> str:
    return order(lines=[LINE | changes])


def without(name: str) -> str:
    return json.dumps({key: value for key, value in BODY.items() if key != name})


BAD_BODIES = {
    "empty": ("", [""]),
    "blank": (" \n", [""]),
    "cut off": ('{"currency": "EUR"', [""]),
    "not JSON": ("currency=EUR", [""]),
    "two values": ("{}{}", [""]),
    "byte order mark": ("\ufeff{}", [""]),
    "array": ("[]", [""]),
    "null": ("null", [""]),
    "text": ('"order"', [""]),
    "number": ("7", [""]),
    "deep array": ("[" * 100_000 + "]" * 100_000, [""]),
    "deep object": ('{"a":' * 50 + "1" + "}" * 50, [""]),
    "empty object": ("{}", ["/currency", "/lines", "/payment_method"]),
    "null currency": (order(currency=None), ["/currency"]),
    "currency in lower case": (order(currency="eur"), ["/currency"]),
    "currency with a newline": (order(currency="EUR\n"), ["/currency"]),
    "no currency": (without("currency"), ["/currency"]),
    "no payment method": (without("payment_method"), ["/payment_method"]),
    "payment method null": (order(payment_method=None), ["/payment_method"]),
    "a card as payment method": (order(payment_method="4111111111111111"), ["/payment_method"]),
    "payment method with a newline": (order(payment_method="pm_approved\n"), ["/payment_method"]),
    "payment method too long": (order(payment_method="pm_" + "x" * 65), ["/payment_method"]),
    "no lines": (without("lines"), ["/lines"]),
    "lines is an object": (order(lines={}), ["/lines"]),
    "zero lines": (order(lines=[]), ["/lines"]),
    "100 lines": (order(lines=[LINE | {"sku": f"SKU-{n}"} for n in range(100)]), ["/lines"]),
    "a line is null": (order(lines=[None]), ["/lines/0"]),
    "unknown field": (order(coupon="X"), ["/coupon"]),
    "unknown field in a line": (line(colour="red"), ["/lines/0/colour"]),
    "unknown field with a slash": (order(**{"a/b~c": 1}), ["/a~1b~0c"]),
    "sku in lower case": (line(sku="tea-earl"), ["/lines/0/sku"]),
    "sku with a double hyphen": (line(sku="TEA--EARL"), ["/lines/0/sku"]),
    "sku too long": (line(sku="A" * 33), ["/lines/0/sku"]),
    "sku is a number": (line(sku=7), ["/lines/0/sku"]),
    "zero quantity": (line(quantity=0), ["/lines/0/quantity"]),
    "negative quantity": (line(quantity=-1), ["/lines/0/quantity"]),
    "quantity too large": (line(quantity=1000), ["/lines/0/quantity"]),
    "quantity is text": (line(quantity="2"), ["/lines/0/quantity"]),
    "quantity is true": (line(quantity=True), ["/lines/0/quantity"]),
    "quantity with a fraction": (line(quantity=1.5), ["/lines/0/quantity"]),
    "quantity 1.0": (line(quantity=1.0), ["/lines/0/quantity"]),
    "amount NaN": (line(unit_amount=float("nan")), ["/lines/0/unit_amount"]),
    "amount Infinity": (line(unit_amount=float("inf")), ["/lines/0/unit_amount"]),
    "amount -Infinity": (line(unit_amount=float("-inf")), ["/lines/0/unit_amount"]),
    "amount 1e999": (line(unit_amount=12345).replace("12345", "1e999"), ["/lines/0/unit_amount"]),
    "amount of 5000 digits": (line(unit_amount=12345).replace("12345", "9" * 5000), ["/lines/0/unit_amount"]),
    "negative amount of 5000 digits": (
        line(unit_amount=12345).replace("12345", "-" + "9" * 5000),
        ["/lines/0/unit_amount"],
    ),
    "empty reference": (order(reference=""), ["/reference"]),
    "null reference": (order(reference=None), ["/reference"]),
    "reference too long": (order(reference="r" * 65), ["/reference"]),
    "half a surrogate pair": (order(reference="\ud800"), ["/reference"]),
    "half a surrogate pair in a key": (order(**{"\udfff": 1}), [""]),
    "key twice": ('{"currency": "EUR", "currency": "USD", "lines": []}', ["/currency"]),
    "key twice in a line": (order().replace('"quantity": 2', '"quantity": 2, "quantity": 3'), ["/lines/0/quantity"]),
    "NaN where no number belongs": (order(currency=float("nan")), ["/currency"]),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_refused_and_its_fields_named(call: Call, cloud, name: str):
    body, pointers = BAD_BODIES[name]
    reply = call("POST", "/orders", raw=body, key="key-1")

    assert reply.problem == (400, "invalid_body")
    assert sorted(set(reply.flawed)) == pointers
    assert all(len(flaw["detail"]) < 400 for flaw in reply.json["errors"])
    assert cloud.scan(TableName=EVENTS)["Count"] == 0
    assert cloud.scan(TableName=ANSWERS)["Count"] == 0


def test_several_flaws_are_named_at_once(call: Call):
    reply = call("POST", "/orders", raw=json.dumps(BODY | {"currency": "x", "lines": [{"sku": 1}]}), key="key-1")

    assert set(reply.flawed) == {"/currency", "/lines/0/sku", "/lines/0/quantity", "/lines/0/unit_amount"}


def test_very_many_flaws_are_cut_short(call: Call):
    reply = call("POST", "/orders", raw=order(lines=[None] * 89 + [{}] * 10), key="key-1")

    assert reply.problem == (400, "invalid_body")
    assert len(reply.json["errors"]) == 20


@pytest.mark.parametrize(
    "body",
    ["!!!", "e30", base64.b64encode(b"\xff\xfe").decode(), base64.b64encode(b"\xed\xa0\x80").decode(), "é"],
    ids=["not base64", "no padding", "not UTF-8", "a surrogate in UTF-8", "not ASCII"],
)
def test_a_body_that_is_not_base64_of_utf_8_is_refused(call: Call, body: str):
    reply = call("POST", "/orders", raw=body, key="key-1", base64=True)

    assert reply.problem == (400, "invalid_body")
    assert reply.flawed == [""]


def test_a_body_in_base64_is_read(call: Call):
    encoded = base64.b64encode(json.dumps(BODY).encode()).decode()

    assert call("POST", "/orders", raw=encoded, key="key-1", base64=True).status == 201


@pytest.mark.parametrize("size", [256 * 1024, 1024 * 1024])
def test_a_huge_body_is_refused_unread(call: Call, size: int):
    reply = call("POST", "/orders", raw=order(reference="r" * size), key="key-1")

    assert reply.problem == (413, "payload_too_large")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "a" * 5000])
def test_another_content_type_is_refused(call: Call, media_type: str):
    reply = call("POST", "/orders", BODY, key="key-1", headers={"Content-Type": media_type})

    assert reply.problem == (415, "unsupported_media_type")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_by_other_spellings_is_taken(call: Call, media_type: str):
    assert call("POST", "/orders", BODY, key="key-1", headers={"Content-Type": media_type}).status == 201


@pytest.mark.parametrize(
    "order_id",
    [
        "ord_1",
        "ORD_01M84J3WXXK5X6TVQ8GQSWCYK7",
        "ord_01m84j3wxxk5x6tvq8gqswcyk7",
        "ord_" + "Z" * 26,
        "x" * 3000,
        "%00",
        "\u2603",
        '"',
    ],
)
@pytest.mark.parametrize("route", [("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/refunds")])
def test_an_odd_id_names_no_order(call: Call, order_id: str, route: tuple[str, str]):
    method, rest = route
    body = {"/cancel": {"reason": "x"}, "/refunds": {"amount": 1, "reason": "x"}}.get(rest)
    reply = call(method, f"/orders/{order_id}{rest}", body, key="key-1")

    assert reply.problem == (404, "not_found")


@pytest.mark.parametrize("path", ["/", "/order", "/orders/a/b/c", "/orders/a/lines"])
def test_an_unknown_route_is_a_problem_too(call: Call, path: str):
    assert call("GET", path).problem == (404, "unknown_route")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1.0"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": ["1", "2"]}, "limit"),
        ({"status": "shipped"}, "status"),
        ({"status": "PLACED"}, "status"),
        ({"next": "x"}, "next"),
        ({"next": "é"}, "next"),
        ({"next": "A" * 10_000}, "next"),
        ({"next": "bnVsbA"}, "next"),
        ({"next": base64.urlsafe_b64encode(b'["orders","ord_1"]').decode().rstrip("=")}, "next"),
        ({"next": base64.urlsafe_b64encode(b'["orders",7]').decode().rstrip("=")}, "next"),
        ({"next": base64.urlsafe_b64encode(b'["events",7]').decode().rstrip("=")}, "next"),
        ({"page": "2"}, "page"),
        ({"Limit": "2"}, "Limit"),
    ],
)
def test_a_bad_parameter_of_the_list_is_named(call: Call, query: dict[str, str], name: str):
    reply = call("GET", "/orders", query=query)

    assert reply.problem == (400, "invalid_parameter")
    assert reply.flawed == [name]


@pytest.mark.parametrize(
    "at",
    [
        "now",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "2026-01-01T00:00:60Z",
        "1e9",
        "0001-01-01T00:00:00+23:59",
        "2026-01-01T00:00:00 02:00",
        "\uff12026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\n",
    ],
)
def test_a_bad_time_is_named(call: Call, placed: str, at: str):
    reply = call("GET", f"/orders/{placed}", query={"at": at})

    assert reply.problem == (400, "invalid_parameter")
    assert reply.flawed == ["at"]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ("{}", ["/reason"]),
        ('{"reason": ""}', ["/reason"]),
        ('{"reason": 1}', ["/reason"]),
        ('{"reason": null}', ["/reason"]),
        (json.dumps({"reason": "r" * 201}), ["/reason"]),
        ('{"reason": "x", "by": "me"}', ["/by"]),
        ("", [""]),
    ],
)
def test_a_bad_cancellation_is_refused(call: Call, placed: str, body: str, pointers: list[str]):
    reply = call("POST", f"/orders/{placed}/cancel", raw=body)

    assert reply.problem == (400, "invalid_body")
    assert reply.flawed == pointers
    assert call("GET", f"/orders/{placed}").json["status"] == "placed"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ("{}", ["/amount", "/reason"]),
        ('{"amount": 0, "reason": "x"}', ["/amount"]),
        ('{"amount": -1, "reason": "x"}', ["/amount"]),
        ('{"amount": 1.5, "reason": "x"}', ["/amount"]),
        ('{"amount": "1", "reason": "x"}', ["/amount"]),
        ('{"amount": true, "reason": "x"}', ["/amount"]),
        ('{"amount": 1, "reason": ""}', ["/reason"]),
        ('{"amount": 1, "reason": "x", "currency": "EUR"}', ["/currency"]),
        ("", [""]),
    ],
)
def test_a_bad_refund_is_refused(call: Call, placed: str, body: str, pointers: list[str]):
    reply = call("POST", f"/orders/{placed}/refunds", raw=body, key="key-1")

    assert reply.problem == (400, "invalid_body")
    assert reply.flawed == pointers


@pytest.mark.parametrize("key", [None, "", "with space", "k" * 256])
def test_a_refund_without_a_proper_key_is_refused(call: Call, placed: str, key: str | None):
    reply = call("POST", f"/orders/{placed}/refunds", {"amount": 1, "reason": "x"}, key=key)

    assert reply.problem == (400, "invalid_parameter")
    assert reply.flawed == ["Idempotency-Key"]
