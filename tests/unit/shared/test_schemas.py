import json
from pathlib import Path

import pytest

from shared.problems import ProblemError
from shared.schemas import find_flaws, validate


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "thing.json"
    definition = {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "pattern": "^[a-z]+$", "description": "Lower-case letters."},
            "sizes": {"type": "array", "items": {"type": "integer", "maximum": 9}},
        },
    }
    path.write_text(json.dumps(definition))
    return path


def test_a_good_value_passes(schema: Path):
    validate({"name": "box", "sizes": [1, 9]}, schema)


def test_each_flaw_has_its_pointer_and_its_fix(schema: Path):
    flaws = {flaw.name: flaw.detail for flaw in find_flaws({"sizes": [1, 10, "x"], "colour": 1}, schema)}
    assert flaws == {
        "/name": "is required. Lower-case letters.",
        "/colour": "is not a known field; allowed are name, sizes",
        "/sizes/1": "must be smaller than or equal to 9",
        "/sizes/2": "must be integer",
    }


def test_a_branch_tells_its_own_flaws(tmp_path: Path):
    branches = [{"title": name, "type": "object", "required": [name]} for name in ("confirm", "reject")]
    path = tmp_path / "commands.json"
    path.write_text(json.dumps({"oneOf": branches}))

    assert [flaw.name for flaw in find_flaws({}, path, "reject")] == ["/reject"]
    assert [flaw.name for flaw in find_flaws({}, path, "confirm")] == ["/confirm"]
    assert [flaw.name for flaw in find_flaws({}, path)] == [""]


def test_a_pattern_holds_to_the_very_end(schema: Path):
    [flaw] = find_flaws({"name": "box\n"}, schema)
    assert flaw.name == "/name"
    assert flaw.detail.endswith("Lower-case letters.")


def test_the_problem_names_the_first_flaw(schema: Path):
    with pytest.raises(ProblemError, match="/name: is required") as refused:
        validate({}, schema)
    assert refused.value.slug == "invalid_body"


def test_a_schema_is_compiled_once(schema: Path):
    assert find_flaws({"name": "box"}, schema) == []
    schema.write_text("{}")
    assert find_flaws({}, schema) != []
