"""Which grants the calls of a client need, held against the policy files beside the code."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared import aws

TRANSACTION_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}

type Grants = set[tuple[str, str]]
"""(logical name of a resource, IAM action)."""


@contextmanager
def recording(logical_names: Mapping[str, str]) -> Iterator[Grants]:
    """The grants needed by every call that the code under test makes inside.

    ``logical_names`` by the name of a table, a bus or a secret.
    """
    grants: Grants = set()

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        grants.update(_needed(model.service_model.service_name, model.name, params, logical_names))

    clients = [aws.client(service) for service in ("dynamodb", "events", "secretsmanager")]
    for client in clients:
        client.meta.events.register("provide-client-params.*.*", record, unique_id="policies")
    try:
        yield grants
    finally:
        for client in clients:
            client.meta.events.unregister("provide-client-params.*.*", unique_id="policies")


def allowed(service: str, function: str) -> Grants:
    """What the policy file of a function grants."""
    policy: dict[str, list[str]] = json.loads(Path(f"services/{service}/policies/{function}.json").read_text())
    return {(name, action) for name, actions in policy.items() for action in actions}


def functions_and_policies(service: str) -> tuple[set[str], set[str]]:
    """Names of the service's functions, and of its policy files."""
    folder = Path("services") / service
    functions = {path.stem for path in (folder / "handlers").glob("*.py")} - {"__init__"}
    return functions, {path.stem for path in (folder / "policies").glob("*.json")}


def _needed(
    service: str, operation: str, arguments: dict[str, Any], logical_names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    if service == "events":
        yield from ((logical_names[entry["EventBusName"]], f"events:{operation}") for entry in arguments["Entries"])
    elif service == "secretsmanager":
        yield logical_names[arguments["SecretId"]], f"{service}:{operation}"
    elif operation == "TransactWriteItems":
        for item in arguments["TransactItems"]:
            [(kind, write)] = item.items()
            yield logical_names[write["TableName"]], f"dynamodb:{TRANSACTION_ACTIONS[kind]}"
    else:
        index = f".{arguments['IndexName']}" if "IndexName" in arguments else ""
        yield logical_names[arguments["TableName"]] + index, f"dynamodb:{operation}"
