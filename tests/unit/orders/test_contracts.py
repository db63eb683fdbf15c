"""What this service says in its events and takes in its requests, held against the published schemas."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from orders import domain
from orders.domain import CURRENT_VERSIONS
from shared.events import Event
from tests.unit.orders.strategies import HISTORIES

CONTRACTS = Path("shared/contracts/events")
SCHEMAS = sorted([*CONTRACTS.glob("*.json"), *Path("services/orders/schemas").glob("*.json")])


def validator(name: str) -> Draft4Validator:
    return Draft4Validator(json.loads((CONTRACTS / f"{name}.json").read_text()))


VALIDATORS = {path.stem: validator(path.stem) for path in CONTRACTS.glob("*.json")}


@given(HISTORIES)
def test_every_event_follows_the_contract(events: list[Event]):
    for event in events:
        VALIDATORS["envelope"].validate(event.to_dict())
        VALIDATORS[f"{event.type}.v{event.version}"].validate(event.data)


@given(HISTORIES, st.sampled_from(["partner_id", "currency", "lines", "total_amount"]))
def test_the_contract_misses_nothing_that_the_fold_needs(events: list[Event], name: str):
    data = {key: value for key, value in events[0].data.items() if key != name}
    assert not VALIDATORS["order_placed.v1"].is_valid(data)


def test_each_type_has_a_schema_for_each_of_its_versions():
    expected = {f"{name}.v{version}" for name, current in CURRENT_VERSIONS.items() for version in range(1, current + 1)}
    assert set(VALIDATORS) == expected | {"envelope"}


@pytest.mark.parametrize(("event_type", "current"), CURRENT_VERSIONS.items())
def test_each_old_version_has_an_upcaster(event_type: str, current: int):
    registered = {version for name, version in domain.upcasters.steps if name == event_type}
    assert registered == set(range(1, current))


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_schemas_are_draft_4_self_contained_and_described(path: Path):
    schema = json.loads(path.read_text())
    assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
    Draft4Validator.check_schema(schema)
    assert "$ref" not in path.read_text()
    assert schema["description"]
    assert schema["additionalProperties"] is False
