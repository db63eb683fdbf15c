"""Releases under traffic: a good one arrives, a bad one goes back by itself, one that cannot start meets nobody."""

import json
import signal
from collections.abc import Callable, Iterator
from subprocess import Popen
from typing import Any

import pytest

from scripts.environment import ROOT
from tests.stack.code import Traffic, altered
from tests.stack.conftest import Stack

pytestmark = pytest.mark.slow

API = "orders.api"
HANDLER = 'def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:\n'
# Everything that clients of a canary of 10 % may see of a version that always fails, with room for the dice.
MOST_FAILED = 0.2

type Publish = Callable[[str, Callable[[str], str]], str]


@pytest.fixture(scope="module")
def publish(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publish]:
    """Deploy a changed services/orders/handlers/api.py and leave its release open; gives the new version."""
    with pytest.MonkeyPatch.context() as patch:

        def publish(name: str, change: Callable[[str], str]) -> str:
            folder = tmp_path_factory.mktemp("build") / name
            altered(ROOT / "build", folder, "orders", "orders/handlers/api.py", change)
            patch.setenv("TF_VAR_build_dir", str(folder))
            stack.command("up", "--canary")
            return str(stack.outputs["functions"][API]["version"])

        try:
            yield publish
        finally:
            patch.delenv("TF_VAR_build_dir", raising=False)
            stack.command("up")


def alias(stack: Stack) -> tuple[str, dict[str, float]]:
    function = stack.outputs["functions"][API]
    found = stack.environment.client("lambda").get_alias(FunctionName=function["name"], Name=function["alias"])
    return found["FunctionVersion"], (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}


def test_a_good_version_arrives_and_can_be_taken_back(stack: Stack, publish: Publish, aws: Any) -> None:
    before, _ = alias(stack)
    version = publish("good", lambda source: source + "\n# Another digest.\n")
    assert alias(stack) == (before, {})

    with Traffic(stack.client()) as traffic:
        shown = stack.command("rollout").stdout
    assert f"{API} {before} -> {version}: shifting, 10 %" in shown
    assert alias(stack) == (version, {})
    assert traffic.sent > 100
    assert traffic.failures == []
    record = json.loads(aws("ssm").get_parameter(Name=f"/tradepost/local/releases/{API}")["Parameter"]["Value"])
    assert (record["version"], record["previous"]) == (version, before)
    assert record["by"]
    assert "nothing to release" in stack.command("rollout").stdout

    with Traffic(stack.client()) as traffic:
        stack.command("rollback", "--function", API)
    assert alias(stack) == (before, {})
    assert traffic.failures == []
    assert "did not stay" in stack.command("rollout", status=1).stdout
    releases = stack.command("releases").stdout
    rows = [line.split() for line in releases.splitlines() if API in line]
    assert [(row[3], row[4]) for row in rows[:2]] == [(version, before), (before, version)]


def test_a_version_that_fails_goes_back_by_itself(stack: Stack, publish: Publish) -> None:
    before, _ = alias(stack)
    version = publish("bad", lambda source: source.replace(HANDLER, HANDLER + '    raise RuntimeError("broken")\n'))
    with Traffic(stack.client()) as traffic:
        shown = stack.command("rollout", status=1).stdout
    assert alias(stack) == (before, {})
    assert f"{API}: version {version} is rolled back" in shown
    assert f"alarm {stack.outputs['functions'][API]['name']}-canary-errors" in shown
    assert "RuntimeError: broken" in shown
    assert 0 < len(traffic.failures) <= MOST_FAILED * traffic.sent
    assert version not in alias(stack)[1]


def test_a_version_that_cannot_start_meets_nobody(stack: Stack, publish: Publish) -> None:
    before, _ = alias(stack)
    publish("dead", lambda source: "import no_such_module\n" + source)
    with Traffic(stack.client()) as traffic:
        shown = stack.command("rollout", status=1).stdout
    assert alias(stack) == (before, {})
    assert "HOOK_EXECUTION_FAILURE" in shown
    assert "no_such_module" in shown
    assert traffic.sent > 10
    assert traffic.failures == []


def until(process: Popen[str], text: str) -> None:
    """Read what a command prints until a line has `text`."""
    seen = []
    for line in process.stdout or ():
        seen.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} is not in\n{''.join(seen)}")


def test_an_interrupted_rollout_is_watched_again_and_can_be_ended(stack: Stack, publish: Publish) -> None:
    before, _ = alias(stack)
    version = publish("stopped", lambda source: source + "\n# Yet another digest.\n")
    with Traffic(stack.client()) as traffic:
        with stack.started("rollout") as rollout:
            until(rollout, f"{API} {before} -> {version}: shifting, 10 %")
            rollout.send_signal(signal.SIGINT)
            assert rollout.wait() == 130
        assert alias(stack) == (before, {version: 0.1})
        with stack.started("rollout") as rollout:
            until(rollout, "A rollout is in flight")
            stack.command("rollback", "--function", API)
            until(rollout, f"rolled back: {API}")
            assert rollout.wait() == 1
    assert alias(stack) == (before, {})
    assert traffic.failures == []
    assert "stopped by a person" in stack.command("releases").stdout


def test_the_other_functions_of_the_service_were_released(stack: Stack) -> None:
    for key, function in stack.outputs["functions"].items():
        found = stack.environment.client("lambda").get_alias(FunctionName=function["name"], Name=function["alias"])
        if key != API:
            assert found["FunctionVersion"] == function["version"], key
