"""An order is traced through every hop: its request, and what its event sets in motion behind the stream."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from scripts import traces
from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.orders import order
from tests.waiting import eventually

Document = dict[str, Any]
CLOCK = 0.002
"""Seconds by which two processes on one machine may disagree about when something was."""


pytestmark = pytest.mark.usefixtures("resting_orders")


@pytest.fixture(scope="module")
def everything_is_sampled(stack: Stack) -> Iterator[None]:
    xray = stack.environment.client("xray")
    rules = xray.get_sampling_rules()["SamplingRuleRecords"]
    before = next(found["SamplingRule"] for found in rules if found["SamplingRule"]["RuleName"] == "Default")
    xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 1.0, "ReservoirSize": 0})
    yield
    xray.update_sampling_rule(
        SamplingRuleUpdate={name: before[name] for name in ("RuleName", "FixedRate", "ReservoirSize")}
    )


@pytest.fixture(scope="module")
def placed(stack: Stack, client: OrderClient, everything_is_sampled: None) -> tuple[str, str]:
    """(order id, trace id of its request)."""
    response = client.place(order(), str(uuid4()))
    assert response.status_code == 201
    root = response.headers["X-Amzn-Trace-Id"].split(";")[0].removeprefix("Root=")
    return response.json()["order_id"], root


def segments_of(stack: Stack, trace_id: str) -> list[Document]:
    found = list(traces.get(stack.environment.client("xray"), [trace_id]))
    return found[0][1] if found else []


def parts(document: Document) -> Iterator[Document]:
    yield document
    for part in document.get("subsegments", []):
        yield from parts(part)


def part(document: Document, name: str) -> Document:
    return next(found for found in parts(document) if found["name"] == name)


def assert_within(inner: Document, outer: Document) -> None:
    assert outer["start_time"] - CLOCK <= inner["start_time"] <= inner["end_time"] <= outer["end_time"] + CLOCK


def test_the_request_has_every_hop_and_its_durations_add_up(stack: Stack, placed: tuple[str, str]) -> None:
    _, root = placed

    def complete() -> list[Document]:
        found = segments_of(stack, root)
        return found if len(found) == 3 and "event_store.append" in json.dumps(found) else []

    stage, service, function = eventually(complete)
    assert [stage["origin"], service["origin"], function["origin"]] == [
        "AWS::ApiGateway::Stage",
        "AWS::Lambda",
        "AWS::Lambda::Function",
    ]
    call = part(stage, "Lambda")
    assert (service["parent_id"], function["parent_id"]) == (call["id"], service["id"])
    invocation, handler, append = (part(function, name) for name in ("Invocation", "handler", "event_store.append"))
    for inner, outer in (
        (call, stage),
        (service, call),
        (function, service),
        (handler, invocation),
        (append, handler),
    ):
        assert_within(inner, outer)
    own = ("Initialization", "Invocation", "Overhead")
    total = sum(found["end_time"] - found["start_time"] for found in function["subsegments"] if found["name"] in own)
    assert total == pytest.approx(function["end_time"] - function["start_time"], abs=0.001)
    assert stage["http"]["response"]["status"] == 201


@pytest.mark.parametrize("function", ["orders.project", "orders.publish"])
def test_what_the_stream_sets_in_motion_is_found_by_the_order(
    stack: Stack, placed: tuple[str, str], function: str
) -> None:
    order_id, root = placed
    name = stack.deployed.function(function)["name"]
    expression = f'annotation.order_id = "{order_id}" AND service("{name}")'

    def found() -> list[Document]:
        return traces.summaries(stack.environment.client("xray"), 600, expression)

    (summary,) = eventually(found)
    assert summary["Id"] != root, "a stream carries no trace: its function starts one"
    segments = segments_of(stack, summary["Id"])
    assert {segment["origin"] for segment in segments} >= {"AWS::Lambda", "AWS::Lambda::Function"}


def test_the_trace_of_the_publisher_goes_on_through_the_bus(stack: Stack, placed: tuple[str, str]) -> None:
    expression = f'annotation.order_id = "{placed[0]}" AND service(id(type: "AWS::Events"))'
    (summary,) = eventually(lambda: traces.summaries(stack.environment.client("xray"), 600, expression))
    segments = segments_of(stack, summary["Id"])
    bus = next(segment for segment in segments if segment["origin"] == "AWS::Events")
    function = next(segment for segment in segments if segment["origin"] == "AWS::Lambda::Function")
    assert bus["name"] == stack.outputs["event_bus_name"]
    assert bus["parent_id"] == function["id"]
    assert_within(bus, part(function, "Invocation"))


def test_a_person_reads_the_order_in_the_terminal(
    stack: Stack, placed: tuple[str, str], everything_is_sampled: None
) -> None:
    order_id, root = placed

    def output(command: str) -> str:
        return stack.command(command, order_id).stdout

    eventually(lambda: all(name in output("traces") for name in (root, "orders-project", "orders-publish")), pause=0.5)
    assert "event_store.append" in output("traces")
    logs = output("logs")
    assert "order placed" in logs
    assert f"order_id={order_id}" in logs
