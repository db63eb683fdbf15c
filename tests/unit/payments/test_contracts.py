"""The contract of the function charge and the webhook's schema, held against the code."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from payments.domain.payment import Status
from payments.handlers.charge import commands

CONTRACTS = {
    name: json.loads(Path(f"shared/contracts/commands/payments.{name}.json").read_text())
    for name in ("request", "response")
}
EVENT = json.loads(Path("services/payments/schemas/provider_event.json").read_text())


@pytest.mark.parametrize("name", CONTRACTS)
def test_contracts_of_commands_are_draft_4_and_described(name: str):
    Draft4Validator.check_schema(CONTRACTS[name])
    for schema in CONTRACTS[name]["oneOf"]:
        assert schema["title"]
        assert schema["description"]
        assert schema["additionalProperties"] is False
        assert all("description" in field or "enum" in field for field in schema["properties"].values())


def test_the_function_takes_the_commands_of_the_contract():
    assert set(commands.actions) == {schema["title"] for schema in CONTRACTS["request"]["oneOf"]}


def test_a_webhook_tells_of_states_that_the_domain_knows():
    Draft4Validator.check_schema(EVENT)
    assert set(EVENT["properties"]["data"]["properties"]["status"]["enum"]) <= set(Status)
