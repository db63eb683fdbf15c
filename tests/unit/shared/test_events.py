from dataclasses import replace

import pytest

from shared.events import Event, UnknownEventError, Upcasters, event_from_item, from_dict

EVENT = Event("evt_1", "parcel_sent", 1, "2026-01-01T00:00:00.000Z", "ord_1", 3, "c", {"weight": 2})


@pytest.fixture
def upcasters() -> Upcasters:
    registry = Upcasters({"parcel_sent": 3})

    @registry.register("parcel_sent", 1)
    def in_grams(data: dict[str, object]) -> dict[str, object]:
        return {"grams": 1000 * int(str(data["weight"]))}

    @registry.register("parcel_sent", 2)
    def with_carrier(data: dict[str, object]) -> dict[str, object]:
        return data | {"carrier": "unknown"}

    return registry


def test_the_stored_form_reads_back():
    assert event_from_item(EVENT.to_item()) == EVENT
    assert from_dict(EVENT.to_dict()) == EVENT


def test_attributes_of_a_newer_writer_are_left_aside():
    assert from_dict(EVENT.to_dict() | {"signature": "x"}) == EVENT


def test_a_missing_attribute_is_named():
    envelope = EVENT.to_dict()
    del envelope["sequence"]
    with pytest.raises(KeyError, match="sequence"):
        from_dict(envelope)


def test_old_versions_are_brought_up_step_by_step(upcasters: Upcasters):
    expected = replace(EVENT, version=3, data={"grams": 2000, "carrier": "unknown"})
    assert upcasters.upcast(EVENT) == expected
    assert upcasters.upcast(replace(EVENT, version=2, data={"grams": 2000})) == expected
    assert upcasters.upcast(expected) == expected
    assert EVENT.data == {"weight": 2}


@pytest.mark.parametrize("event", [replace(EVENT, version=4), replace(EVENT, type="parcel_lost")])
def test_what_only_newer_code_knows_is_refused(upcasters: Upcasters, event: Event):
    with pytest.raises(UnknownEventError, match="evt_1"):
        upcasters.upcast(event)
