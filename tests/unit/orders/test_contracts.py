"""What this service says in its events and takes in its requests, held against the published schemas."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from orders.domain.events import CURRENT_VERSIONS, ORDER_PLACED, upcasters
from orders.domain.order import Status
from shared.events import Event
from tests.unit.orders.strategies import HISTORIES

CONTRACTS = Path("shared/contracts/events")
EVENTS = [CONTRACTS / "envelope.json", *CONTRACTS.glob("order_*.json")]
SCHEMAS = sorted([*EVENTS, *Path("services/orders/schemas").glob("*.json")])
COMMANDS = sorted(Path("shared/contracts/commands").glob("orders.*.json"))


def validator(name: str) -> Draft4Validator:
    return Draft4Validator(json.loads((CONTRACTS / f"{name}.json").read_text()))


VALIDATORS = {path.stem: validator(path.stem) for path in EVENTS}


@given(HISTORIES)
def test_every_event_follows_the_contract(events: list[Event]):
    for event in events:
        VALIDATORS["envelope"].validate(event.to_dict())
        VALIDATORS[f"{event.type}.v{event.version}"].validate(event.data)


@given(HISTORIES, st.sampled_from(["partner_id", "currency", "lines", "total_amount", "payment_method"]))
def test_the_contract_misses_nothing_that_the_fold_needs(events: list[Event], name: str):
    data = {key: value for key, value in events[0].data.items() if key != name}
    assert not VALIDATORS["order_placed.v2"].is_valid(data)


def test_each_type_has_a_schema_for_each_of_its_versions():
    expected = {f"{name}.v{version}" for name, current in CURRENT_VERSIONS.items() for version in range(1, current + 1)}
    assert set(VALIDATORS) == expected | {"envelope"}


@pytest.mark.parametrize(("event_type", "current"), CURRENT_VERSIONS.items())
def test_each_old_version_has_an_upcaster(event_type: str, current: int):
    registered = {version for name, version in upcasters.steps if name == event_type}
    assert registered == set(range(1, current))


@given(HISTORIES)
def test_upcast_data_follow_the_contract_of_the_next_version(events: list[Event]):
    old = {name: value for name, value in events[0].data.items() if name != "payment_method"}
    VALIDATORS["order_placed.v1"].validate(old)

    VALIDATORS["order_placed.v2"].validate(upcasters.steps[ORDER_PLACED, 1](old))


def test_the_status_of_a_command_is_one_of_the_domain():
    [closed] = [one for one in json.loads(COMMANDS[1].read_text())["oneOf"] if one["title"] == "closed"]
    assert closed["properties"]["status"]["enum"] == list(Status)


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_contracts_of_commands_are_draft_4_and_described(path: Path):
    contract = json.loads(path.read_text())
    Draft4Validator.check_schema(contract)
    for schema in contract["oneOf"]:
        assert schema["title"]
        assert schema["description"]
        assert schema["additionalProperties"] is False
        assert all("description" in field or "enum" in field for field in schema["properties"].values())


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_schemas_are_draft_4_self_contained_and_described(path: Path):
    schema = json.loads(path.read_text())
    assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
    Draft4Validator.check_schema(schema)
    assert "$ref" not in path.read_text()
    assert schema["description"]
    assert schema["additionalProperties"] is False
