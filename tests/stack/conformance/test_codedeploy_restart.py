"""A deployment goes on after the local cloud stopped; the new version serves a whole interval before it gets more."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local import launcher
from scripts.local.settings import Settings
from tests.ports import free_port
from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.releases import release
from tests.waiting import eventually


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("TRADEPOST_CODEDEPLOY_MINUTE_SECONDS", "0.8")
    own = Settings(tmp_path, free_port())
    yield own
    launcher.down(own)


def test_a_canary_that_was_shifting_finishes_after_a_restart(settings: Settings) -> None:
    launcher.up(settings)
    made = release(Cloud(settings.endpoint), "CodeDeployDefault.LambdaCanary10Percent5Minutes")
    deployment = made.start()
    eventually(lambda: made.alias() == ("1", {"2": 0.1}))
    launcher.down(settings)
    restarted = time.time()
    launcher.up(settings)
    assert made.alias() == ("1", {"2": 0.1})
    assert made.info(deployment)["status"] == "InProgress"
    info = made.ended(deployment, "Succeeded")
    assert made.alias() == ("2", {})
    assert info["completeTime"].timestamp() - restarted >= 5 * 0.8
