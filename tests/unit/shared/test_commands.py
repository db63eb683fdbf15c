"""Commands by name: what reaches the action, and what breaks the contract before it."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared import commands, observability
from tests.unit.shared.support import Context

ORDER_ID = "ord_01M84J3WXXK5X6TVQ8GQSWCYK7"


@pytest.fixture
def wave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> commands.Commands:
    fields = {name: {"type": "string"} for name in ("command", "order_id", "correlation_id")}
    schema = {"title": "wave", "type": "object", "required": list(fields), "properties": fields}
    (tmp_path / "commands").mkdir()
    (tmp_path / "commands" / "beach.request.json").write_text(json.dumps({"oneOf": [schema]}))
    monkeypatch.setattr(commands, "CONTRACTS", tmp_path)
    made = commands.Commands("beach")
    made.command("wave")(lambda request: {"outcome": "waved", "at": request["order_id"]})
    return made


def test_a_command_reaches_its_action(wave: commands.Commands):
    request = {"command": "wave", "order_id": ORDER_ID, "correlation_id": "c"}
    assert wave.handle(request) == {"outcome": "waved", "at": ORDER_ID}


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({}, "/command: 'None' is not a command; there are wave"),
        ({"command": {}}, "/command"),
        ({"command": "x" * 5000}, "/command: 'x{64}\\.\\.\\.'"),
        ({"command": "wave", "order_id": 7, "correlation_id": "c"}, "/order_id"),
        ({"command": "wave"}, "/order_id: is required; /correlation_id: is required"),
    ],
)
def test_a_request_that_breaks_the_contract_names_the_field(
    wave: commands.Commands, request_: dict[str, Any], named: str
):
    with pytest.raises(ValueError, match=named):
        wave.handle(request_)


def test_a_command_is_linked_to_what_set_it_in_motion():
    seen: list[str | None] = []

    @observability.handler()
    def handler(event: dict[str, Any], context: Any) -> None:
        seen.append(observability.logger.get_current_keys().get("correlation_id"))

    handler({"command": "wave", "correlation_id": "basket-7"}, Context())
    handler({"command": "wave", "correlation_id": 7}, Context())

    assert seen == ["basket-7", Context().aws_request_id]
