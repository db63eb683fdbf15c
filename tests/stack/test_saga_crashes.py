"""Functions that die between what they do and their answer: the retry finds it done."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from scripts.client import OrderClient
from tests.stack.code import altered
from tests.stack.conftest import ROOT, Stack
from tests.stack.saga import NOTHING, Saga, paid

IN_STOCK = 5
STEPS = {
    "fulfillment.await_dispatch": "fulfillment/handlers/await_dispatch.py",
    "inventory.stock": "inventory/handlers/stock.py",
    "orders.commands": "orders/handlers/commands.py",
    "payments.charge": "payments/handlers/charge.py",
}
DIES_ONCE = '''

_handler = handler


def handler(event, context):
    """Do the work, then die the first time that it is asked for."""
    import os
    import pathlib

    answer = _handler(event, context)
    if "order_id" in event and event["correlation_id"].startswith("crash"):
        marker = pathlib.Path({folder!r}) / (event["order_id"] + event["command"])
        if not marker.exists():
            marker.touch()
            os._exit(1)
    return answer
'''


@pytest.fixture(scope="module")
def crashing(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The functions that the workflow invokes die once in each step; a folder with a file for each death."""
    deaths, lambda_ = tmp_path_factory.mktemp("deaths"), stack.functions
    code = DIES_ONCE.format(folder=str(deaths))
    changes = {function.split(".")[0]: {module: lambda source: source + code} for function, module in STEPS.items()}
    build = ROOT / "build"
    changed = altered(build, tmp_path_factory.mktemp("code") / "build", changes)
    manifest = json.loads((build / "manifest.json").read_text())["artifacts"]
    before: dict[str, tuple[str, str, bytes]] = {}
    try:
        for function in STEPS:
            archive, name = manifest[function.split(".")[0]]["path"], stack.outputs["functions"][function]["name"]
            version = lambda_.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
            made = _publish(lambda_, name, (changed / archive).read_bytes())
            before[name] = version, made, (build / archive).read_bytes()
            lambda_.update_alias(FunctionName=name, Name="live", FunctionVersion=made)
        yield deaths
    finally:
        for name, (version, made, code_before) in before.items():
            lambda_.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
            lambda_.update_function_code(FunctionName=name, ZipFile=code_before)
            lambda_.delete_function(FunctionName=name, Qualifier=made)


def _publish(lambda_: Any, name: str, code: bytes) -> str:
    return str(lambda_.update_function_code(FunctionName=name, ZipFile=code, Publish=True)["Version"])


def test_a_step_that_died_after_its_work_is_healed_by_its_retry(
    stack: Stack, client: OrderClient, crashing: Path
) -> None:
    saga = Saga(stack, client)

    def paid_for() -> str:
        sku = saga.article(IN_STOCK)
        order_id = saga.place(sku, correlation_id="crash-paid")
        saga.reach(order_id, "confirmed")
        assert saga.dispatch(order_id).status_code == 200
        saga.reach(order_id, "completed")
        assert (saga.shop.levels(sku), saga.settled(order_id)) == ((4, 0, 4), paid())
        return order_id

    def canceled() -> str:
        sku = saga.article(IN_STOCK)
        order_id = saga.place(sku, correlation_id="crash-canceled")
        saga.reach(order_id, "confirmed")
        assert saga.client.cancel(order_id, "dying as well").status_code == 200
        [execution] = saga.executions(order_id)
        assert saga.ended(execution["executionArn"])["status"] == "SUCCEEDED"
        assert (saga.shop.levels(sku), saga.money(order_id)) == ((5, 0, 5), NOTHING)
        return order_id

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(paid_for), pool.submit(canceled)]
    paid_id, canceled_id = (run.result() for run in runs)
    died = {path.name for path in crashing.iterdir()}
    way = ("reserve", "authorize", "confirm")
    assert died >= {paid_id + step for step in (*way, "await_dispatch", "ship", "capture", "complete")}
    assert died >= {canceled_id + step for step in (*way, "reject", "void", "release")}
