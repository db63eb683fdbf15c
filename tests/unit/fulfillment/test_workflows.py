"""The definitions of the workflows: valid, whole, and each step able to fail and to run twice."""

import json
import re
from pathlib import Path
from typing import Any

import jsonata
import pytest
from jsonschema import Draft4Validator
from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

FOLDER = Path("services/fulfillment/workflows")
CONTRACTS = Path("shared/contracts/commands")
NAMES = sorted(path.name.removesuffix(".asl.json") for path in FOLDER.glob("*.asl.json"))
INVOKE = "arn:aws:states:::lambda:invoke"
LAMBDA_ERRORS = {
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
}
RAISED = {
    "inventory_stock": {"StockBusyError"},
    "payments_charge": {"OutcomeUnknownError", "ProviderUnavailableError"},
    "orders_commands": {"ConcurrentAppendError", "StoreBusyError"},
    "fulfillment_await_dispatch": set[str](),
}
"""What the contracts of the functions name as errors after which the same command may be repeated."""

EVENT: dict[str, Any] = {
    "event_id": "evt_01JQZX3V8G7Y5T4R3E2W1Q0P9N",
    "type": "order_placed",
    "version": 2,
    "occurred_at": "2026-01-31T12:00:00.000Z",
    "order_id": "ord_01JQZX3V8G7Y5T4R3E2W1Q0P9N",
    "sequence": 1,
    "correlation_id": "basket-7",
    "data": {
        "partner_id": "partner-1",
        "currency": "EUR",
        "lines": [{"sku": "TEA-EARL-250", "quantity": 2, "unit_amount": 450}],
        "total_amount": 900,
        "payment_method": "pm_approved",
    },
}
REFUND_EVENT = EVENT | {
    "type": "order_refund_requested",
    "version": 1,
    "data": {"refund_id": "rfd_01JQZX3V8G7Y5T4R3E2W1Q0P9N", "amount": 300, "currency": "EUR", "reason": "broken"},
}
VARIABLES = {"rejection": {"reason": "out_of_stock", "detail": "none left"}, "reason": "account_closed"}
"""What states on the way assign, for the commands after them."""


def definition(name: str) -> dict[str, Any]:
    """With a number in place of each value and an ARN in place of each function, as Terraform fills them in."""
    text = (FOLDER / f"{name}.asl.json").read_text()
    found: dict[str, Any] = json.loads(
        re.sub(r"\{% \$\{(\w+)\} %\}", "{% 60 %}", re.sub(r"(?<=[<*] )\$\{\w+\}", "3", text))
    )
    return found


def tasks() -> list[Any]:
    return [
        pytest.param(state, id=f"{workflow}.{name}")
        for workflow in NAMES
        for name, state in definition(workflow)["States"].items()
        if state["Type"] == "Task"
    ]


def expressions(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [one for value in node.values() for one in expressions(value)]
    if isinstance(node, list):
        return [one for value in node for one in expressions(value)]
    return [node[2:-2].strip()] if isinstance(node, str) and node.startswith("{%") else []


def evaluate(node: Any, given: Any, variables: dict[str, Any], context: dict[str, Any]) -> Any:
    """A field of a state as Step Functions evaluates it."""
    if isinstance(node, dict):
        return {name: evaluate(value, given, variables, context) for name, value in node.items()}
    if not (isinstance(node, str) and node.startswith("{%")):
        return node
    bindings = {**variables, "states": {"input": given, "context": context}}
    return jsonata.Jsonata(node[2:-2].strip()).evaluate(None, bindings)


@pytest.mark.parametrize("name", NAMES)
def test_the_definition_is_valid_and_every_state_reachable(name: str) -> None:
    text = json.dumps(definition(name)).replace('"{% 60 %}"', "60")
    assert Linter.validate(json.loads(text), Config(ignored_problem_types={ProblemType.FLOAT, ProblemType.URI})) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_expression_can_be_parsed(name: str) -> None:
    found = expressions(definition(name))
    assert len(found) > 20
    for expression in found:
        jsonata.Jsonata(expression)


@pytest.mark.parametrize("state", tasks())
def test_every_step_invokes_a_function_by_a_name_that_terraform_makes_an_alias(state: dict[str, Any]) -> None:
    assert state["Resource"].removesuffix(".waitForTaskToken") == INVOKE
    assert re.fullmatch(r"\$\{\w+\}", state["Arguments"]["FunctionName"])


@pytest.mark.parametrize("state", tasks())
def test_every_step_may_fail(state: dict[str, Any]) -> None:
    assert state["TimeoutSeconds"]
    assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], "nothing may end an execution half way"
    retried = {error for retrier in state["Retry"] for error in retrier["ErrorEquals"] if retrier["MaxAttempts"] > 0}
    assert retried >= LAMBDA_ERRORS | RAISED[state["Arguments"]["FunctionName"].strip("${}")] | {"States.TaskFailed"}
    waits = "waitForTaskToken" in state["Resource"]
    assert ("States.Timeout" in retried) != waits, "a lost answer is asked for again; the end of a wait is a reminder"
    for retrier in state["Retry"]:
        assert retrier["MaxAttempts"] == 0 or {"MaxDelaySeconds", "BackoffRate"} <= set(retrier)
        assert retrier["MaxAttempts"] == 0 or retrier["JitterStrategy"] == "FULL"


@pytest.mark.parametrize("state", tasks())
def test_steps_that_call_the_same_function_try_again_in_one_of_two_ways(state: dict[str, Any]) -> None:
    """Before anything moved for minutes, afterwards for an hour and more: the same numbers everywhere."""
    alike = [
        one.values[0]["Retry"]
        for one in tasks()
        if one.values[0]["Arguments"]["FunctionName"] == state["Arguments"]["FunctionName"]
    ]
    assert len({json.dumps(retry) for retry in alike}) <= 2


@pytest.mark.parametrize("name", NAMES)
def test_no_time_limit_stops_an_execution_without_compensation(name: str) -> None:
    assert "TimeoutSeconds" not in definition(name)


@pytest.mark.parametrize(("name", "event"), [("order", EVENT), ("refund", REFUND_EVENT)])
def test_each_command_follows_the_contract_of_its_function(name: str, event: dict[str, Any]) -> None:
    states = definition(name)["States"]
    context = {"Execution": {"StartTime": "2026-01-31T12:00:01.000Z"}, "Task": {"Token": "token"}}
    first = states[next(iter(states))]
    variables = {**evaluate(first["Assign"], event, {}, context), **VARIABLES}
    for state in (one for one in states.values() if one["Type"] == "Task"):
        command = evaluate(state["Arguments"]["Payload"], {}, variables, context)
        service = state["Arguments"]["FunctionName"].strip("${}").partition("_")[0]
        contract = json.loads((CONTRACTS / f"{service}.request.json").read_text())
        Draft4Validator(contract).validate(json.loads(json.dumps(command)))
        assert command["correlation_id"] == event["correlation_id"]


def test_the_outcomes_that_the_workflow_tells_apart_are_those_of_the_contracts() -> None:
    known = {
        title
        for service in ("inventory", "orders", "payments")
        for title in (one["title"] for one in json.loads((CONTRACTS / f"{service}.response.json").read_text())["oneOf"])
    }
    told = {
        outcome
        for name in NAMES
        for expression in expressions(definition(name))
        for outcome in re.findall(r"outcome = '(\w+)'", expression)
    }
    assert told
    assert told <= known


def test_the_workflow_gives_the_reasons_of_the_contract() -> None:
    [reject] = [
        one for one in json.loads((CONTRACTS / "orders.request.json").read_text())["oneOf"] if one["title"] == "reject"
    ]
    text = (FOLDER / "order.asl.json").read_text()
    assert set(re.findall(r'"reason": "(\w+)"', text)) == set(reject["properties"]["reason"]["enum"])


def test_stock_that_is_short_is_told_in_a_detail_that_fits() -> None:
    [rule] = [
        rule
        for rule in definition("order")["States"]["IsStockReserved"]["Choices"]
        if "out_of_stock" in rule["Condition"]
    ]
    shortage = {"sku": "TEA-EARL-250", "requested": 3, "available": 1}
    for count in (1, 2, 99):
        given = {"outcome": "out_of_stock", "shortages": [shortage] * count}
        detail = evaluate(rule["Assign"], given, {}, {})["rejection"]["detail"]
        assert detail.startswith("Out of stock: TEA-EARL-250 (1 of 3)")
        assert len(detail) <= 500
