"""Releases under traffic that fail: they go back by themselves, and nothing is lost.

One apply costs a quarter of a minute, so each changes several functions, which are released side by side.
"""

from itertools import batched

import pytest

from scripts.bus_tap import tap
from tests.stack.code import Traffic, first_do, handlers
from tests.stack.conftest import Publish, Report, Stack
from tests.stack.release_times import Times, times
from tests.stack.releases import API, COMMANDS, PROJECT, PUBLISH, WEIGHT, served, versions
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("resting_orders")]

# Standard deviations: each request throws the dice for itself.
DICE = 4.0

# Only probes ask a version for its health again and again: INIT and the check are the first two times.
WEARS_OUT = """
answers = []


def worn_out() -> None:
    answers.append(1)
    if len(answers) > 2:
        raise RuntimeError("worn out")


@observability.handler(prepare=worn_out)"""


def dead(source: str) -> str:
    """A module that cannot be imported."""
    return "import no_such_module\n" + source


def limit(traffic: Traffic, seen: Times) -> tuple[int, float]:
    """(requests sent while the traffic was split, most of them that may fail: the weight's share, and the dice)."""
    exposed = sum(one.ended >= seen.shifted and one.started <= seen.back for one in traffic.requests)
    return exposed, exposed * WEIGHT + DICE * (exposed * WEIGHT * (1 - WEIGHT)) ** 0.5


def test_versions_that_fail_go_back_and_no_order_is_lost(stack: Stack, publish: Publish, report: Report) -> None:
    before = versions(stack)
    fails = first_do('raise RuntimeError("broken")')
    version = publish(handlers(api=fails, project=fails, publish=fails, commands=dead))
    with tap(stack.environment, stack.outputs["event_bus_name"]) as bus:
        with Traffic(stack.client()) as traffic:
            shown = stack.command("rollout", "--probe", status=1).stdout
        bus.wait(lambda events: set(traffic.placed) <= {event["order_id"] for event in events}, seconds=120)
    for key in (API, PROJECT, PUBLISH):
        assert served(stack, key) == (before[key], {}), key
        assert f"{key}: version {version[key]} is rolled back" in shown
        assert f"alarm {stack.outputs['functions'][key]['name']}-canary-errors" in shown
        seen = times(stack.deployed, key)
        report(f"{key}, fails always: detected after {seen.detection:.1f} s, back {seen.rollback:.1f} s later")
    assert "RuntimeError: broken" in shown
    eventually(lambda: set(traffic.placed) <= in_view(stack, traffic.placed))

    exposed, most = limit(traffic, times(stack.deployed, API))
    failed, sent = len(traffic.failures), traffic.sent
    report(
        f"{API}, fails always: {failed} of {sent} requests failed, {failed / sent:.1%} of the window; the traffic was "
        f"split for {exposed / sent:.0%} of it, times {WEIGHT:.0%} is {WEIGHT * exposed / sent:.1%} on average and "
        f"at most {most / sent:.1%}"
    )
    assert 0 < failed <= most
    assert len(traffic.placed) > 20


def in_view(stack: Stack, order_ids: list[str]) -> set[str]:
    """Those of the orders that the read model has."""
    table, found = stack.outputs["tables"]["orders_view"], set()
    client = stack.environment.client("dynamodb")
    for some in batched(order_ids, 100, strict=False):
        keys = [{"order_id": {"S": one}} for one in some]
        answer = client.batch_get_item(RequestItems={table: {"Keys": keys, "ProjectionExpression": "order_id"}})
        found |= {item["order_id"]["S"] for item in answer["Responses"][table]}
    return found


def test_slow_dead_and_worn_out_versions_go_back(stack: Stack, publish: Publish, report: Report) -> None:
    before = versions(stack)
    version = publish(
        handlers(
            api=first_do("__import__('time').sleep(3.5)"),
            project=lambda source: source.replace("\n@observability.handler(prepare=resources)", WEARS_OUT),
            publish=dead,
            commands=dead,
        )
    )
    with Traffic(stack.client()) as traffic:
        shown = stack.command("rollout", "--probe", status=1).stdout
    [probed] = [line for line in shown.splitlines() if line.startswith(f"{PROJECT}: ") and "probes" in line]
    report(probed)
    for key in (API, PROJECT, PUBLISH, COMMANDS):
        assert served(stack, key) == (before[key], {}), shown
    # Slow, and no client lost anything by it.
    assert f"alarm {stack.outputs['functions'][API]['name']}-canary-slow" in shown
    assert traffic.failures == []
    # Dead: stopped by the check, before any traffic.
    assert "HOOK_EXECUTION_FAILURE" in shown
    assert "no_such_module" in shown
    assert f"{PUBLISH} {before[PUBLISH]} -> {version[PUBLISH]}: shifting" not in shown
    # Quiet: only the probes saw it.
    assert f"alarm {stack.outputs['functions'][PROJECT]['name']}-canary-errors" in shown
    assert "worn out" in probed
    for key, what in ((API, "takes 3.5 s"), (PROJECT, "fails its probes")):
        seen = times(stack.deployed, key)
        report(f"{key}, {what}: detected after {seen.detection:.1f} s, back {seen.rollback:.1f} s later")
