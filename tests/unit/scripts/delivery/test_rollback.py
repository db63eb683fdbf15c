"""What is taken back when a release fails after it: that release, and nothing before it."""

import pytest

from scripts.console import Failure, fail
from scripts.delivery import rollback
from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.rollout import back
from scripts.rollout.record import Record, Records

LOCAL = Environment.named("local")
SINCE = "2026-11-27T12:00:00Z"


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions that were taken back; "orders.stuck" cannot be."""
    finished = {
        "orders.api": "2026-11-27T12:04:00+00:00",
        "orders.publish": "2026-11-27T11:59:59+00:00",
        "orders.stuck": "2026-11-27T13:00:00+01:00",
        "orders.back": "2026-11-27T12:05:00+00:00",
    }
    stack = Deployed(LOCAL, {"functions": {key: {"version": "2"} for key in [*finished, "orders.new"]}})
    monkeypatch.setattr(Deployed, "read", lambda _environment: stack)
    monkeypatch.setattr(Records, "__init__", lambda *_: None)
    records = {key: Record("2", "1", f"d-{key}", at, "me") for key, at in finished.items()}
    records["orders.back"] = Record("1", None, "d-back", finished["orders.back"], "me")  # taken back before
    monkeypatch.setattr(Records, "last", lambda _self, key: records.get(key))
    found: list[str] = []

    def take_back(_: Environment, *, service: str = "", only: str = "") -> None:
        if only == "orders.stuck":
            fail("cannot go back")
        found.append(service or only)

    monkeypatch.setattr(back, "rollback", take_back)
    return found


def test_what_was_released_since_is_taken_back_and_the_rest_stays(taken: list[str]) -> None:
    with pytest.raises(Failure, match=r"not taken back: orders\.stuck"):
        rollback.rollback(LOCAL, since=SINCE)
    assert taken == ["orders.api"]


def test_nothing_released_is_nothing_to_take_back(taken: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    rollback.rollback(LOCAL, since="2026-11-28T00:00:00Z")
    assert taken == []
    assert "nothing was released since" in capsys.readouterr().out


def test_a_person_names_what_to_take_back(taken: list[str]) -> None:
    rollback.rollback(LOCAL, only="orders.publish")
    rollback.rollback(LOCAL, service="orders")
    assert taken == ["orders.publish", "orders"]


@pytest.mark.parametrize(
    ("given", "word"), [({"since": "noon"}, "no time"), ({"since": SINCE, "only": "orders.api"}, "SINCE")]
)
def test_what_makes_no_sense_is_refused(given: dict[str, str], word: str, taken: list[str]) -> None:
    with pytest.raises(Failure, match=word):
        rollback.rollback(LOCAL, **given)
    assert taken == []
