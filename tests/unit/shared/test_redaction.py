"""What must not be seen in logs: by name and by form."""

import json

import pytest

from shared.redaction import HIDDEN, is_secret, redact, scrub


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "x-api-key",
        "X-Api-Key",
        "Authorization",
        "paymentMethod",
        "payment_token",
        "cardNumber",
        "reference",
        "tokens",
    ],
)
def test_a_field_of_such_a_name_shows_nothing(name: str) -> None:
    assert is_secret(name)
    assert redact({"a": [{name: {"deep": "value"}}]}) == {"a": [{name: HIDDEN}]}


@pytest.mark.parametrize(
    "name", ["function_name", "exception_name", "order_id", "service", "named", "partner_id", "token_count"]
)
def test_other_names_are_left_alone(name: str) -> None:
    assert redact({name: "value"}) == {name: "value"}


@pytest.mark.parametrize(
    "secret",
    [
        "tok_4242abcd",
        "pm_card_visa_declined",
        "sk_live_51H8xyz",
        "Bearer abcdefgh.ijklmnop",
        "ada@example.com",
        "4242 4242 4242 4242",
        "5555555555554444",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    ],
)
def test_such_a_text_is_cut_out_wherever_it_stands(secret: str) -> None:
    assert scrub(f"card {secret} declined") == f"card {HIDDEN} declined"
    assert secret not in json.dumps(redact({"exception": f"ValueError: no {secret}", "list": [secret]}))


@pytest.mark.parametrize(
    "text",
    [
        "ord_01M84K3JHJ5SQ1E92PA1WG48RR",
        "1-6b097a0d-5648f2f2c724f10cfa579389",
        "000000017957819159720000000002",
        "1767225600123",
        "4242424242424241",
        "f2bf171d-6446-475e-98d2-5e36d8986b0d",
        "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-dev-orders-api:live",
        "2026-01-01T00:00:00.000Z",
        "order not projected; its records come again",
        "discard_everything",
    ],
)
def test_what_only_looks_long_stays(text: str) -> None:
    assert scrub(text) == text


def test_other_values_stay_what_they_are() -> None:
    assert redact({"a": 1, "b": None, "c": (True, 2.5)}) == {"a": 1, "b": None, "c": [True, 2.5]}
    assert redact({"reference": None, "token": ""}) == {"reference": None, "token": ""}
