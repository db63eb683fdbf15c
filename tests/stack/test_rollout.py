"""Releases under traffic that arrive unnoticed, are taken back, left, ended by a person; what pruning leaves of them.

One apply costs a quarter of a minute, so each changes several functions, which are released side by side.
"""

import json
import signal
from typing import Any

import pytest

from tests.stack.code import Traffic, handlers
from tests.stack.conftest import Publish, Stack, until
from tests.stack.releases import (
    API,
    COMMANDS,
    PROJECT,
    PUBLISH,
    WEIGHT,
    configuration,
    served,
    versions,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("resting_orders")]

CHECK = "operations.deploy_check"


def bake_for_long(stack: Stack, *functions: str) -> None:
    """Let the next release of the functions split their traffic for minutes, until the next apply."""
    codedeploy = stack.environment.client("codedeploy")
    for function in functions:
        codedeploy.update_deployment_group(
            applicationName=stack.outputs["codedeploy_application"],
            currentDeploymentGroupName=stack.outputs["functions"][function]["deployment_group"],
            deploymentConfigName="CodeDeployDefault.LambdaCanary10Percent10Minutes",
        )


def test_a_changed_setting_is_a_release_that_can_be_left_and_ended(stack: Stack, publish: Publish) -> None:
    before, _ = served(stack, API)
    version = publish(handlers(api=lambda source: source + "\n# Good again.\n"), log_level="DEBUG")[API]
    variables = configuration(stack, API, version)["Environment"]["Variables"]
    assert variables["POWERTOOLS_LOG_LEVEL"] == "DEBUG"
    # Its release must still be in flight when a busy machine has done all that follows.
    bake_for_long(stack, API, COMMANDS, PROJECT, PUBLISH)
    with Traffic(stack.client()) as traffic:
        with stack.started("rollout") as rollout:
            until(rollout, f"{API} {before} -> {version}: shifting, 10 %")
            rollout.send_signal(signal.SIGINT)
            assert rollout.wait() == 130
        assert served(stack, API) == (before, {version: WEIGHT})
        for command in ("plan", "up", "prune"):
            assert "release is in flight" in stack.command(command, status=1).stdout
        with stack.started("rollout") as rollout:
            until(rollout, "A rollout is in flight")
            stack.command("rollback", "--service", "orders")
            until(rollout, f"rolled back: {API}")
            assert rollout.wait() == 1
    assert served(stack, API) == (before, {})
    assert traffic.failures == []
    assert "stopped by a person" in stack.command("releases").stdout


def test_another_layer_arrives_by_canary_and_can_be_taken_back(stack: Stack, publish: Publish, aws: Any) -> None:
    before = versions(stack)
    version = publish({"shared-layer": {"python/shared/clock.py": lambda source: source + "\n# Another digest.\n"}})
    old, new = (configuration(stack, API, one[API]) for one in (before, version))
    assert old["CodeSha256"] == new["CodeSha256"]
    assert old["Layers"] != new["Layers"]
    assert served(stack, API) == (before[API], {})

    with Traffic(stack.client()) as traffic:
        shown = stack.command("rollout").stdout
    assert f"{CHECK} goes first" in shown
    assert shown.index(f"released: {CHECK}") < shown.index(f"{API} {before[API]} -> ")
    for key in (API, PROJECT, PUBLISH):
        assert f"{key} {before[key]} -> {version[key]}: shifting, 10 %" in shown
    assert {key: served(stack, key) for key in version} == {key: (one, {}) for key, one in version.items()}
    assert traffic.sent > 100
    assert traffic.failures == []
    record = json.loads(aws("ssm").get_parameter(Name=f"/tradepost/local/releases/{API}")["Parameter"]["Value"])
    assert (record["version"], record["previous"]) == (version[API], before[API])
    assert record["by"]
    assert "nothing to release" in stack.command("rollout").stdout

    with Traffic(stack.client()) as traffic:
        stack.command("rollback", "--function", API)
    assert served(stack, API) == (before[API], {})
    assert traffic.failures == []
    assert "did not stay" in stack.command("rollout", status=1).stdout
    releases = stack.command("releases").stdout
    rows = [line.split() for line in releases.splitlines() if API in line]
    assert [(row[3], row[4]) for row in rows[:2]] == [(version[API], before[API]), (before[API], version[API])]


def test_what_serves_served_last_and_is_newest_outlives_pruning(stack: Stack, aws: Any) -> None:
    function = stack.outputs["functions"][API]
    record = json.loads(aws("ssm").get_parameter(Name=f"/tradepost/local/releases/{API}")["Parameter"]["Value"])
    needed = {served(stack, API)[0], str(function["version"]), record["version"], record["previous"]} - {None}
    before = published(aws, function["name"])
    assert len(before) > len(needed)

    shown = stack.command("prune", "--keep", "1", "--dry-run").stdout
    assert "dry run" in shown
    assert published(aws, function["name"]) == before
    assert "pruned by" in stack.command("prune", "--keep", "1").stdout
    assert set(published(aws, function["name"])) == needed
    entry = json.loads(aws("ssm").get_parameter(Name="/tradepost/local/pruned")["Parameter"]["Value"])
    assert API in entry["deleted"]
    for version, layers in published(aws, function["name"]).items():
        for layer in layers:
            assert aws("lambda").get_layer_version_by_arn(Arn=layer), version
    assert "nothing to delete" in stack.command("prune", "--keep", "1").stdout


def published(aws: Any, name: str) -> dict[str, list[str]]:
    """Layers of the published versions of a function, by version."""
    found = aws("lambda").list_versions_by_function(FunctionName=name)["Versions"]
    return {one["Version"]: [layer["Arn"] for layer in one["Layers"]] for one in found if one["Version"] != "$LATEST"}
