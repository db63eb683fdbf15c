"""Deliveries that wait for a retry, and schedules, across a stop of the local cloud."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local import launcher
from scripts.local.settings import Settings
from tests.ports import free_port
from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.targets import Rule, api_destination, endpoint
from tests.stack.conformance.test_schedules import at, schedule, sender
from tests.waiting import eventually


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("TRADEPOST_TARGET_RETRY_SECONDS", "2")
    own = Settings(tmp_path, free_port())
    launcher.up(own)
    yield own
    launcher.down(own)


def test_retries_go_on_and_schedules_run_once_across_a_stop(settings: Settings) -> None:
    cloud = Cloud(settings.endpoint)
    early_url, early = cloud.queue()
    late_url, late = cloud.queue()
    may_send = sender(cloud, early, late)
    schedule(cloud, early, may_send, at(), Input='{"at":"early"}')
    rule = Rule(cloud)
    with endpoint(refuse=1) as recovering:
        arn, may_invoke = api_destination(cloud, recovering.url)
        rule.add(arn, RoleArn=may_invoke)
        assert cloud.receive(early_url) == [{"at": "early"}]
        schedule(cloud, late, may_send, at(), Input='{"at":"late"}')
        rule.put()
        eventually(lambda: recovering.bodies)
        launcher.down(settings)
        assert len(recovering.bodies) == 1
        launcher.up(settings)
        assert cloud.receive(late_url) == [{"at": "late"}]
        eventually(lambda: len(recovering.bodies) == 2)
    found = cloud.aws("sqs").get_queue_attributes(QueueUrl=early_url, AttributeNames=["All"])["Attributes"]
    # The message that was received before is still hidden; a second one would be visible.
    assert found["ApproximateNumberOfMessages"] == "0"
