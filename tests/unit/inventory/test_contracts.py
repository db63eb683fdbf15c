"""What this service says in its events and takes in its requests, held against the published schemas."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from inventory.alerts import CURRENT_VERSIONS, crossing
from shared.transactions import MAX_ITEMS
from tests.unit.inventory.shop import article

CONTRACTS = Path("shared/contracts")
EVENTS = sorted((CONTRACTS / "events").glob("stock_*.json"))
COMMANDS = {
    name: json.loads((CONTRACTS / "commands" / f"inventory.{name}.json").read_text())
    for name in ("request", "response")
}
BODIES = sorted(Path("services/inventory/schemas").glob("*.json"))


def validator(name: str) -> Draft4Validator:
    return Draft4Validator(json.loads((CONTRACTS / "events" / f"{name}.json").read_text()))


@pytest.mark.parametrize("available", [0, 9])
def test_every_event_follows_the_contract(available: int):
    before = article("TEA-EARL-250", 9 - available, threshold=3)
    event = crossing(before, article("TEA-EARL-250", available, threshold=3, sequence=2))

    assert event is not None
    validator("envelope").validate(event.to_dict())
    validator(f"{event.type}.v{event.version}").validate(event.data)


def test_an_event_is_about_one_subject():
    event = crossing(None, article("TEA-EARL-250", 0))
    assert event is not None
    envelope = event.to_dict()
    order = {"order_id": "ord_01JQ8Z5E1V3N6R2T4W7X9Y0ABC"}

    assert validator("envelope").is_valid({name: value for name, value in envelope.items() if name != "sku"} | order)
    assert not validator("envelope").is_valid({name: value for name, value in envelope.items() if name != "sku"})
    assert not validator("envelope").is_valid(envelope | order)


def test_each_type_has_a_schema():
    assert {path.stem for path in EVENTS} == {f"{name}.v{version}" for name, version in CURRENT_VERSIONS.items()}


@pytest.mark.parametrize("path", [*EVENTS, *BODIES], ids=lambda path: path.stem)
def test_schemas_are_draft_4_self_contained_and_described(path: Path):
    schema = json.loads(path.read_text())
    assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
    Draft4Validator.check_schema(schema)
    assert "$ref" not in json.dumps(schema)
    assert schema["description"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", COMMANDS)
def test_contracts_of_commands_are_draft_4_and_described(name: str):
    Draft4Validator.check_schema(COMMANDS[name])
    assert "$ref" not in json.dumps(COMMANDS[name])
    for schema in COMMANDS[name]["oneOf"]:
        assert schema["description"]
        assert schema["additionalProperties"] is False


def test_an_order_fits_into_one_transaction():
    [reserve] = [one for one in COMMANDS["request"]["oneOf"] if one["title"] == "reserve"]
    lines = reserve["properties"]["lines"]
    assert lines["maxItems"] == MAX_ITEMS - 1
    adjustment = json.loads(Path("services/inventory/schemas/adjust_stock.json").read_text())
    assert adjustment["properties"]["lines"]["maxItems"] == MAX_ITEMS - 2
