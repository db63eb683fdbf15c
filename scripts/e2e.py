"""`make e2e`: the smoke suite against any environment, over HTTP alone."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from scripts.console import fail, say
from scripts.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.environment import Environment

SUITE = ROOT / "tests" / "e2e"
# A partner of its own, so that what it does counts against nobody else's limits and is in nobody else's lists.
PARTNER = "smoke"


def run(environment: Environment, *, service: str = "", expression: str = "") -> None:
    """Run the suite, or what it has for one service, or the tests whose names match a pytest `expression` (-k).

    API_URL and API_KEY of this process's environment say where and as whom; without them both are read from what
    Terraform deployed to `environment`, as its partner "smoke".

    Raises:
        Failure: a test failed, or it is unknown where to run.
    """
    url, key = _target(environment)
    say(f"Smoke tests against {url}")
    command = [sys.executable, "-m", "pytest", str(_chosen(service)), *(["-k", expression] if expression else [])]
    # The key is passed where process lists do not show it.
    variables = os.environ | {"TRADEPOST_API_URL": url, "TRADEPOST_API_KEY": key}
    if subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode != 0:
        fail(
            f"the smoke suite failed against {url}",
            f"what the platform wrote meanwhile: make logs ENV={environment.name} ARGS='--level ERROR'",
        )


def _target(environment: Environment) -> tuple[str, str]:
    url, key = os.environ.get("API_URL", ""), os.environ.get("API_KEY", "")
    if bool(url) != bool(key):
        fail("API_URL and API_KEY go together", "set both, or neither to use ENV's")
    if url:
        return url.rstrip("/"), key
    from scripts.deployed import Deployed

    stack = Deployed.read(environment)
    return stack.api_url(), stack.api_key(PARTNER)


def _chosen(service: str) -> Path:
    if not service:
        return SUITE
    file = SUITE / f"test_{service}.py"
    if not file.is_file():
        known = sorted(path.stem.removeprefix("test_") for path in SUITE.glob("test_*.py"))
        fail(f"there are no smoke tests of {service!r}", f"there are of: {', '.join(known)}")
    return file
