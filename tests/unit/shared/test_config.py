from dataclasses import FrozenInstanceError, dataclass

import pytest

from shared import config


@dataclass(frozen=True, slots=True)
class Settings:
    orders_view_table: str
    event_bus_name: str


def test_fields_are_read_from_the_variables_of_their_names():
    settings = config.load(Settings, {"ORDERS_VIEW_TABLE": "view", "EVENT_BUS_NAME": "bus", "OTHER": "x"})
    assert settings == Settings("view", "bus")
    with pytest.raises(FrozenInstanceError):
        settings.event_bus_name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("environ", [{}, {"EVENT_BUS_NAME": ""}])
def test_every_missing_variable_is_named(environ: dict[str, str]):
    with pytest.raises(config.MissingVariableError, match=r"Settings needs .* ORDERS_VIEW_TABLE, EVENT_BUS_NAME"):
        config.load(Settings, environ)
