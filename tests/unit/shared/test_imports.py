"""Cold start is a budget: which heavy modules a fresh interpreter has after importing each module of the runtime."""

import json
import subprocess
import sys

import pytest

HEAVY = (
    "aws_xray_sdk",
    "boto3",
    "botocore.client",
    "botocore.session",
    "fastjsonschema",
    "pydantic",
    "requests",
    "ulid",
)
POWERTOOLS = "aws_lambda_powertools"
LEAN = (
    "aws",
    "batch",
    "clock",
    "config",
    "dynamodb",
    "events",
    "idempotency",
    "ids",
    "json_body",
    "money",
    "paging",
    "problems",
    "publishing",
    "schemas",
    "secrets",
    "tracing",
    "transactions",
)
HANDLERS = [
    *(f"inventory.handlers.{name}" for name in ("alert", "api", "expire", "stock")),
    *(f"orders.handlers.{name}" for name in ("api", "commands", "project", "publish", "replay")),
    *(f"payments.handlers.{name}" for name in ("api", "charge", "rotate", "webhook")),
]
PLAIN = [
    *(f"inventory.{name}" for name in ("alerts", "domain", "resources", "use_cases")),
    *(f"orders.{name}" for name in ("domain.decisions", "projection", "use_cases")),
    *(
        f"payments.{name}"
        for name in ("domain.decisions", "domain.settlement", "signature", "webhooks", "adapters.provider")
    ),
]


def loaded(module: str) -> set[str]:
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    environment = {"PYTHONPATH": ".:services", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, env=environment)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", [f"shared.{name}" for name in LEAN] + PLAIN)
def test_plain_modules_load_nothing_heavy(module: str):
    assert loaded(module) & {*HEAVY, "botocore", POWERTOOLS} == set()


@pytest.mark.parametrize(
    "module", ["shared.observability", "shared.api", "shared.commands", "shared.outbox", *HANDLERS]
)
def test_handlers_load_powertools_and_no_sdk(module: str):
    modules = loaded(module)
    assert POWERTOOLS in modules
    assert modules & set(HEAVY) == set()


@pytest.mark.parametrize("module", HANDLERS)
def test_no_function_loads_powertools_resolver(module: str):
    assert "aws_lambda_powertools.event_handler" not in loaded(module)


def test_on_lambda_init_makes_the_client_and_loads_botocore_alone():
    code = "import os, sys, json; import orders.handlers.api; print(json.dumps(sorted(sys.modules)))"
    environment = {
        "AWS_LAMBDA_FUNCTION_NAME": "tradepost-test-orders-api",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "ORDER_EVENTS_TABLE": "a",
        "ORDERS_VIEW_TABLE": "b",
        "ORDERS_IDEMPOTENCY_TABLE": "c",
        "PATH": "",
        "PYTHONPATH": ".:services",
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, env=environment)
    assert set(json.loads(done.stdout)) & set(HEAVY) == {"botocore.client", "botocore.session"}
