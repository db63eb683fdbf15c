"""What the functions log and count: enough to follow an order, nothing that identifies a person or opens a door."""

import json
from types import ModuleType
from typing import Any

import pytest

from shared.clock import from_text
from tests.component.orders.support import BODY, GOOD_WAY, Call, Context, Tell, gateway_event, stream_records

SECRETS = ("pm_approved", "Ada Lovelace", "ada@example.com", "key-of-the-partner", "idempotency-of-ada")


def lines(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], str]:
    """Parsed lines of the log, and all text that was written."""
    out, err = capsys.readouterr()
    parsed = [json.loads(line) for line in (out + err).splitlines()]
    return [line for line in parsed if "message" in line], out + err


def test_each_line_of_a_request_names_order_and_request(call: Call, capsys: pytest.CaptureFixture[str]):
    reply = call("POST", "/orders", BODY, key="key-1", headers={"x-correlation-id": "basket-7"})
    call("POST", f"/{reply.headers['Location']}/cancel", {"reason": "x"}, headers={"x-correlation-id": "basket-7"})
    logged, _ = lines(capsys)

    assert [line["message"] for line in logged] == ["order placed", "order canceled"]
    for line in logged:
        assert line["order_id"] == reply.json["order_id"]
        assert line["correlation_id"] == "basket-7"
        assert line["request_id"] == "gateway-request"
        assert line["function_request_id"] == Context().aws_request_id
        from_text(line["timestamp"])  # RFC 3339: else Lambda takes the line for INFO, whatever its level


def test_each_line_of_a_command_names_order_and_what_set_it_in_motion(
    tell: Tell, placed: str, capsys: pytest.CaptureFixture[str]
):
    capsys.readouterr()
    tell("confirm", placed)
    [line], _ = lines(capsys)

    assert (line["message"], line["command"], line["outcome"]) == ("command carried out", "confirm", "confirmed")
    assert (line["order_id"], line["correlation_id"]) == (placed, "request-7")
    assert line["request_id"] == Context().aws_request_id


def test_one_requests_keys_do_not_leak_into_the_next(call: Call, placed: str, capsys: pytest.CaptureFixture[str]):
    call("POST", f"/orders/{placed}/cancel", {"reason": "x"})
    call("GET", "/nowhere")
    logged, _ = lines(capsys)

    assert logged[-1]["message"] == "refused"
    assert "order_id" not in logged[-1]


def test_nothing_personal_and_no_key_is_written(
    call: Call, tell: Tell, placed: str, cloud: Any, handlers: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]
):
    headers = {"x-api-key": "key-of-the-partner", "x-correlation-id": "ada@example.com"}
    body = BODY | {"reference": "Ada Lovelace"}
    reply = call("POST", "/orders", body, key="idempotency-of-ada", headers=headers)
    call("POST", "/orders", body | {"currency": "USD"}, key="idempotency-of-ada", headers=headers)
    call("POST", "/orders", body | {"Ada Lovelace": 1}, key="another", headers=headers)
    call("POST", f"/{reply.headers['Location']}/cancel", {"reason": "Ada Lovelace moved"}, headers=headers)
    call("GET", f"/{reply.headers['Location']}", headers=headers)
    for command, fields in GOOD_WAY.items():
        tell(command, placed, **fields)
    call("POST", f"/orders/{placed}/refunds", {"amount": 1, "reason": "Ada Lovelace"}, key="idempotency-of-ada")
    for function in ("project", "publish"):
        handlers[function].handler({"Records": stream_records(cloud)}, Context())
    handlers["replay"].handler({}, Context())
    logged, written = lines(capsys)

    assert logged
    assert [secret for secret in SECRETS if secret in written] == []


def test_a_correlation_id_of_another_form_is_left_aside(call: Call, capsys: pytest.CaptureFixture[str]):
    call("POST", "/orders", BODY, key="key-1", headers={"x-correlation-id": "a b"})
    [line], _ = lines(capsys)

    assert line["correlation_id"] == "gateway-request"


def test_an_unhandled_error_is_logged_and_goes_on(handlers: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(KeyError):
        handlers["publish"].handler({"no": "records"}, Context())
    [line], _ = lines(capsys)

    assert line["level"] == "ERROR"
    assert line["message"] == "unhandled error"
    assert line["exception_name"] == "KeyError"
    assert line["correlation_id"] == Context().aws_request_id


def test_metrics_count_what_happened(call: Call, handlers: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]):
    order_id = call("POST", "/orders", BODY, key="key-1").json["order_id"]
    call("POST", "/orders", BODY, key="key-1")
    for _ in range(2):
        call("POST", f"/orders/{order_id}/cancel", {"reason": "x"})
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    counted = [
        metric["Name"]
        for line in written
        if "_aws" in line
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    ]

    assert [name for name in counted if name != "ColdStart"] == ["OrdersPlaced", "OrdersRepeated", "OrdersCanceled"]


def test_a_request_without_headers_is_answered(handlers: dict[str, ModuleType]):
    reply = handlers["api"].handler(gateway_event("POST", "/orders", headers=None), Context())

    assert reply["statusCode"] == 400
