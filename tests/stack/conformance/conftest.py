"""A local cloud for the conformance tests: on a free port, in a folder of its own, stopped by its pid at the end."""

from collections.abc import Iterator

import pytest

from scripts.local import launcher
from scripts.local.settings import Settings
from tests.ports import free_port
from tests.stack.conformance.cloud import Cloud

SHORT_WAITS = {
    "TRADEPOST_INIT_SECONDS": "2",
    "TRADEPOST_ALARM_SPEED": "60",
    "TRADEPOST_ASYNC_RETRY_SECONDS": "0.3",
    "TRADEPOST_TARGET_RETRY_SECONDS": "0.3",
    "TRADEPOST_CODEDEPLOY_MINUTE_SECONDS": "0.5",
    "TRADEPOST_CODEDEPLOY_HOOK_SECONDS": "6",
}
"""AWS's waits, shortened: what is tested is what happens after them."""


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(tmp_path_factory.mktemp("cloud"), free_port())


@pytest.fixture(scope="session")
def cloud(settings: Settings) -> Iterator[Cloud]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in SHORT_WAITS.items():
            environment.setenv(name, value)
        launcher.up(settings)
    try:
        yield Cloud(settings.endpoint)
    finally:
        launcher.down(settings)
