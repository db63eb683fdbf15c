"""One order's story, the figures of the platform, log levels, and a function that is tuned and left as it was."""

import json
import re
import signal
import time
from typing import Any
from uuid import uuid4

import jsonschema
import pytest

from scripts import logs
from scripts.client import OrderClient
from tests.stack.conftest import ROOT, Stack
from tests.stack.orders import order
from tests.waiting import eventually

SCHEMA = json.loads((ROOT / "shared" / "contracts" / "log_line.json").read_text())
SECRET = f"Ada-{uuid4().hex}"
REASON = f"moved-{uuid4().hex}"
MINUTES_BEFORE = 15
CUT_OFF = re.compile(r"\S+ \S+ Task timed out after \S+ seconds")
"""Lambda's own words about a function whose time was up, which are no JSON in any format of the log."""

CORRELATION = f"story-{uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def started() -> float:
    return time.time()


@pytest.fixture(scope="module")
def story(stack: Stack, client: OrderClient, started: float) -> str:
    """An order of a partner whose requests carry what must not be logged; it is canceled, or rejected before that."""
    key = f"key-{SECRET}"
    headers = {"Idempotency-Key": key, "X-Correlation-Id": CORRELATION}
    body = order(reference=SECRET)
    answer = client.request("POST", "/orders", json=body, headers=headers)
    assert answer.status_code == 201
    order_id = str(answer.json()["order_id"])
    client.request("POST", "/orders", json={**body, SECRET: 1}, headers=headers)
    client.request("POST", "/orders", json={**body, "currency": "USD"}, headers=headers)
    client.cancel(order_id, f"{REASON}, card tok_4242424242")

    def projected() -> bool:
        rows = client.list(limit="100").json()["items"]
        return any(row["order_id"] == order_id and row["sequence"] > 1 for row in rows)

    eventually(projected)
    return order_id


def test_one_order_s_story_is_told_by_one_command(stack: Stack, story: str) -> None:
    def told() -> str:
        text = stack.command("order", story).stdout
        return text if text.count("gateway") >= 2 and "trace" in text else ""

    text = eventually(told, pause=0.5)
    lines = text.splitlines()
    first, second = (
        next(i for i, line in enumerate(lines) if part in line) for part in ("order_placed #1", " #2  evt_")
    )
    assert first < second
    for part in ("table orders_view", "orders.api", "order placed", f"correlation ids: {CORRELATION}"):
        assert part in text
    assert "POST /orders -> 201" in text
    assert SECRET not in text
    assert "tok_4242424242" not in text


def test_an_order_that_nobody_knows_is_said(stack: Stack) -> None:
    assert "no id of an order" in stack.command("order", "ord_1", status=1).stdout
    assert "knows nothing" in stack.command("order", "ord_01M84K3JHJ5SQ1E92PA1WG48RR", status=1).stdout


def written(stack: Stack, since: float) -> list[logs.Event]:
    client = stack.environment.client("logs")
    return logs.read(client, logs.log_groups(client, "local"), int(since * 1000))


def test_every_line_of_every_function_follows_the_schema(stack: Stack, story: str, started: float) -> None:
    """Also those of the tests of the last minutes, of whichever service."""
    validator = jsonschema.Draft4Validator(SCHEMA)
    own, flaws = 0, []
    for event in written(stack, started - MINUTES_BEFORE * 60):
        if event.origin in ("gateway", "workflow") or CUT_OFF.fullmatch(event.message):
            continue
        line = json.loads(event.message)
        if str(line.get("type", "")).startswith("platform.") or "_aws" in line or "errorType" in line:
            continue  # Lambda's own reports and errors, and metrics
        own += 1
        flaws += [f"{event.origin}: {error.message}: {event.message}" for error in validator.iter_errors(line)]
    assert own >= 3
    assert flaws == []


def test_one_correlation_id_goes_from_the_gateway_to_the_last_consumer(
    stack: Stack, story: str, started: float
) -> None:
    def consumers() -> bool:
        table = stack.environment.client("dynamodb").query(
            TableName=stack.outputs["tables"]["order_events"],
            KeyConditionExpression="order_id = :id",
            ExpressionAttributeValues={":id": {"S": story}},
        )
        assert table["Items"][0]["correlation_id"]["S"] == CORRELATION
        return any(event.origin == "orders.api" and CORRELATION in event.message for event in written(stack, started))

    assert consumers()


def test_no_key_and_nothing_personal_is_in_any_log(stack: Stack, story: str, started: float) -> None:
    lines = [event.message for event in written(stack, started)]
    assert len(lines) > 10
    secrets = (SECRET, REASON, stack.deployed.api_key(), "tok_4242424242")
    assert [line for line in lines if any(secret in line for secret in secrets)] == []


def test_a_function_logs_more_for_a_while_without_a_deployment(stack: Stack, story: str, aws: Any) -> None:
    name = stack.outputs["functions"]["orders.project"]["name"]
    # $LATEST has environments of its own: theirs is the first look at the parameter.
    content = {"Keys": {"order_id": {"S": story}}, "NewImage": {"correlation_id": {"S": CORRELATION}}}
    event = json.dumps({"Records": [{"dynamodb": {**content, "SequenceNumber": "1"}}]})

    def levels() -> set[str]:
        began = time.time()
        answer = aws("lambda").invoke(FunctionName=name, Payload=event.encode())
        request = answer["ResponseMetadata"]["RequestId"]
        assert "FunctionError" not in answer
        lines = [json.loads(one.message) for one in written(stack, began) if request in one.message]
        return {str(line["level"]) for line in lines if "level" in line}

    stack.command("log-level", "orders.project", "DEBUG", "--for", "5m")
    assert "orders.project" in stack.command("log-level").stdout
    eventually(lambda: "DEBUG" in levels(), seconds=100, pause=0.5)
    stack.command("log-level", "orders.project", "default")
    assert "every function logs at its deployed level" in stack.command("log-level").stdout


def test_what_orders_cost_and_which_limit_comes_first(stack: Stack, story: str) -> None:
    def measured() -> str:
        """What is printed once the last of the order's traces in the metrics, its row in the read model, is there."""
        text = stack.command("cost", "--orders-per-hour", "5000").stdout
        return text if "by_partner" in text else ""

    text = eventually(measured, seconds=60, pause=2)
    total = re.search(r"1,000 orders: \$([\d.]+)", text)
    assert total is not None
    assert 0.005 < float(total.group(1)) < 5
    for part in (
        "dynamodb write unit",
        "lambda gb second",
        "api request",
        "1,000,000",
        "5,000",
        "measured on",
    ):
        assert part in text


def test_a_tuned_function_is_left_as_it_was(stack: Stack, aws: Any) -> None:
    function = stack.outputs["functions"]["orders.api"]
    client = aws("lambda")

    def state() -> tuple[Any, ...]:
        configuration = client.get_function_configuration(FunctionName=function["name"])
        versions = client.list_versions_by_function(FunctionName=function["name"])["Versions"]
        alias = client.get_alias(FunctionName=function["name"], Name=function["alias"])
        return (
            configuration["MemorySize"],
            configuration["Description"],
            [version["Version"] for version in versions],
            alias["FunctionVersion"],
        )

    before = state()
    text = stack.command("tune", "orders.api", "--sizes", "256,512", "--cold", "2", "--warm", "3").stdout
    assert "no recommendation: here memory does not change the processor" in text
    assert state() == before
    with stack.started("tune", "orders.api", "--sizes", "256", "--cold", "1", "--warm", "100000") as run:
        eventually(lambda: len(state()[2]) > len(before[2]))
        run.send_signal(signal.SIGINT)
        run.communicate()
    assert run.returncode == 130
    assert state() == before
