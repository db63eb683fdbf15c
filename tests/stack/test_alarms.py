"""Every alarm of the stack: its fault is injected, it fires, tells its runbook, wakes whom it should, and clears.

Alarms run at 60 times the speed on a copy of the stack of their own: a minute takes a second.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from scripts.demo_orders import ORDER
from scripts.environment import ROOT, Environment
from tests.stack.alarm_faults import FAULTS, FOLLOW, SILENCE, Faults, alarms
from tests.stack.alarm_inbox import Inbox
from tests.stack.conftest import Stack, own_stack
from tests.waiting import eventually

SPEED = "60"
PAUSE = 0.4
"""Seconds between two looks, at which faults go on: less than a minute of the alarms."""

PATIENCE = 150
SYMPTOMS = ("api", "paging")


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with fast alarms. `--stack=running` takes the one that runs, which has to be fast itself."""
    if request.config.getoption("--stack") == "running":
        yield Stack(Environment.named("local"))
        return
    with own_stack(request, tmp_path_factory, "alarms", alarm_speed=SPEED) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def catalog(stack: Stack) -> dict[str, dict[str, str]]:
    """Kind, urgency and service of every alarm by name."""
    found: dict[str, dict[str, str]] = stack.outputs["alarms"]
    return found


@pytest.fixture(scope="module")
def faults(stack: Stack, catalog: dict[str, dict[str, str]]) -> Faults:
    return Faults(stack, {name: one["kind"] for name, one in catalog.items()})


@pytest.fixture(scope="module")
def topics(stack: Stack) -> Inbox:
    return Inbox(stack)


@pytest.fixture
def inbox(stack: Stack, catalog: dict[str, dict[str, str]], faults: Faults, topics: Inbox) -> Inbox:
    """Both topics, heard from when all is well."""
    # What a test before left in the long windows: few bad events, which few good ones outweigh.
    faults.drown([name for name, one in alarms(stack, catalog).items() if one["StateValue"] != "OK"], 1000)
    until(stack, faults, catalog, "OK")
    topics.forget()
    return topics


def until(stack: Stack, faults: Faults, names: Iterable[str], wanted: str) -> None:
    """Go on with the faults until these alarms are all in a state."""

    def reached() -> bool:
        faults.hold()
        others = {name: one["StateValue"] for name, one in alarms(stack, names).items() if one["StateValue"] != wanted}
        assert not others, f"not {wanted} yet: {others}"
        return True

    eventually(reached, PATIENCE, PAUSE)


def test_the_catalog_is_what_is_deployed(stack: Stack, catalog: dict[str, dict[str, str]]) -> None:
    client = stack.environment.client("cloudwatch")
    pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    deployed = {one["AlarmName"]: one for page in pages for one in page["MetricAlarms"] + page["CompositeAlarms"]}
    assert set(deployed) == set(catalog)
    for name, alarm in deployed.items():
        kind = catalog[name]["kind"]
        assert alarm["AlarmDescription"].endswith(f" Runbook: docs/runbooks/{kind}.md"), name
        assert (ROOT / "docs" / "runbooks" / f"{kind}.md").is_file(), kind


def test_every_kind_has_its_fault(catalog: dict[str, dict[str, str]]) -> None:
    assert {one["kind"] for one in catalog.values()} <= {*FAULTS, *FOLLOW}


def test_alarms_of_a_kind_are_alike(stack: Stack, catalog: dict[str, dict[str, str]]) -> None:
    """What a real fault shows of one of them holds for the others: only names and limits differ."""
    shapes: dict[str, set[str]] = defaultdict(set)
    for name, alarm in alarms(stack, catalog).items():
        if catalog[name]["kind"] != "slo-window":  # each objective has metrics of its own
            shapes[catalog[name]["kind"]].add(shape(alarm))
    assert {kind: found for kind, found in shapes.items() if len(found) > 1} == {}


def shape(alarm: dict[str, Any]) -> str:
    """An alarm without what tells it from others of its kind: names, limits, how many indexes a table has."""
    if "AlarmRule" in alarm:
        return str("ActionsSuppressor" in alarm)
    named = alarm.get("Metrics") or [{"MetricStat": {"Metric": alarm, "Stat": alarm.get("Statistic")}}]
    stats = [query["MetricStat"] for query in named if query.get("MetricStat")]
    own = {
        (
            stat["Metric"]["Namespace"],
            tuple(sorted(one["Name"] for one in stat["Metric"].get("Dimensions", []))),
        )
        for stat in stats
    }
    indexed = {one for one in own if "GlobalSecondaryIndexName" not in one[1]}
    decides = [alarm[name] for name in ("ComparisonOperator", "TreatMissingData", "EvaluationPeriods")]
    return json.dumps([sorted(map(str, indexed)), *decides, alarm.get("DatapointsToAlarm")])


# ---- Real faults, from their cause to the page


def test_an_api_that_is_refused_pages_once_and_names_the_cause(
    stack: Stack, catalog: dict[str, dict[str, str]], faults: Faults, inbox: Inbox
) -> None:
    """Throttled to nothing, orders.api fails customers: alarms on cause and symptom fire, one of them pages."""
    function = stack.outputs["functions"]["orders.api"]["name"]
    functions, client = stack.environment.client("lambda"), stack.client()
    fire = {
        name
        for name, one in catalog.items()
        if name == f"{function}-throttles"
        or one["kind"] in ("api-5xx", "customers-affected", "known-cause")
        or name.endswith(("orders-urgent", "api-availability-fast-burn"))
    }
    assert len(fire) == 6
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)

    def refused() -> bool:
        for _ in range(5):
            assert client.list().status_code >= 500
        faults.hold()
        return {one["StateValue"] for one in alarms(stack, fire).values()} == {"ALARM"}

    try:
        eventually(refused, PATIENCE, PAUSE)
    finally:
        functions.delete_function_concurrency(FunctionName=function)

    def answered() -> bool:
        for _ in range(5):
            assert client.list().ok
        faults.hold()
        return {one["StateValue"] for one in alarms(stack, fire).values()} == {"OK"}

    eventually(answered, PATIENCE, PAUSE)
    pages = eventually(lambda: [one for one in inbox.read() if one.topic == "page" and one.state == "OK"])
    assert {one.alarm for one in pages} == {name for name in fire if name.endswith("orders-urgent")}


def test_a_publisher_that_may_not_publish_is_noticed(
    stack: Stack, catalog: dict[str, dict[str, str]], faults: Faults, inbox: Inbox
) -> None:
    """Its function reports no error, as it hands its records back; what is placed does not reach the bus."""
    role, iam = stack.outputs["functions"]["orders.publish"]["name"], stack.environment.client("iam")
    [behind] = [name for name, one in catalog.items() if one["kind"] == "outbox-behind"]
    denied = {"Effect": "Deny", "Action": "events:PutEvents", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    client = stack.client()

    def place_until(wanted: str) -> None:
        def reached() -> bool:
            assert client.place(ORDER).status_code == 201
            faults.hold()
            return str(alarms(stack, [behind])[behind]["StateValue"]) == wanted

        eventually(reached, PATIENCE, PAUSE)

    iam.put_role_policy(RoleName=role, PolicyName="fault", PolicyDocument=policy)
    try:
        place_until("ALARM")
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="fault")
    place_until("OK")


def test_functions_that_fail_are_noticed(
    stack: Stack, catalog: dict[str, dict[str, str]], faults: Faults, inbox: Inbox
) -> None:
    """An event that is none fails in every function; after three attempts it waits in the failure queue."""
    functions = [one["name"] for one in stack.outputs["functions"].values()]
    client = stack.environment.client("lambda")
    fire = {f"{name}-errors" for name in functions}

    def failing() -> bool:
        for name in functions:
            client.invoke(FunctionName=name, Qualifier="live", Payload=b'"poison"')
        faults.hold()
        others = {name for name, one in alarms(stack, fire).items() if one["StateValue"] != "ALARM"}
        assert not others, f"not ALARM yet: {others}"
        return True

    eventually(failing, PATIENCE, 0.05)
    until(stack, faults, fire, "OK")


def test_a_message_that_waits_in_a_failure_queue_is_noticed(
    stack: Stack, catalog: dict[str, dict[str, str]], faults: Faults, inbox: Inbox
) -> None:
    key, url = min(stack.outputs["failure_queues"].items())
    sqs, waiting = stack.environment.client("sqs"), f"{url.rpartition('/')[2]}-waiting"
    assert catalog[waiting]["kind"] == "failure-queue-waiting", key
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    until(stack, faults, [waiting], "ALARM")
    sqs.purge_queue(QueueUrl=url)
    until(stack, faults, [waiting], "OK")


# ---- The fault of every alarm


def test_what_customers_see_pages_only_without_a_known_cause(
    stack: Stack, catalog: dict[str, dict[str, str]], faults: Faults, inbox: Inbox
) -> None:
    symptoms = {name for name, one in catalog.items() if one["service"] == "api"}
    [affected] = [name for name, one in catalog.items() if one["kind"] == "customers-affected"]
    faults.begin(symptoms)
    until(stack, faults, symptoms | {affected}, "ALARM")
    eventually(lambda: "page" in {one.topic for one in inbox.read()}, PATIENCE)
    faults.end()
    until(stack, faults, symptoms | {affected}, "OK")
    eventually(lambda: [one.state for one in inbox.read() if one.topic == "page"] == ["ALARM", "OK"])
    all_were_told(catalog, symptoms | {affected}, inbox)


def test_every_service_pages_once_for_all_of_its_alarms(
    stack: Stack, catalog: dict[str, dict[str, str]], faults: Faults, inbox: Inbox
) -> None:
    causes = {name for name, one in catalog.items() if one["service"] not in SYMPTOMS}
    # What is silent gets no figures; alarms on the very metrics that are missing have their turn after it.
    later = faults.of_same_metrics({name for name in causes if catalog[name]["kind"] in SILENCE})
    pages = {name for name, one in catalog.items() if one["kind"] in ("service-urgent", "known-cause")}
    faults.begin(causes - later)
    until(stack, faults, (causes - later) | pages, "ALARM")
    faults.end()
    until(stack, faults, causes | pages, "OK")
    faults.begin(later)
    until(stack, faults, later, "ALARM")
    faults.end()
    until(stack, faults, causes | pages, "OK")
    all_were_told(catalog, causes | pages, inbox)
    told: dict[str, list[str]] = defaultdict(list)
    for one in inbox.read():
        if one.topic == "page":
            told[one.alarm].append(one.state)
    assert set(told) == {name for name in pages if catalog[name]["urgency"] == "page"}
    for name, states in told.items():
        assert states == ["ALARM", "OK"] * (len(states) // 2), name


def all_were_told(catalog: dict[str, dict[str, str]], names: Iterable[str], inbox: Inbox) -> None:
    """Every alarm that has someone to tell told ALARM, then OK, each with its runbook, and to whom it should."""
    expected = {name for name in names if catalog[name]["urgency"] != "none"}

    def heard() -> bool:
        told = {(one.alarm, one.state) for one in inbox.read()}
        missing = {(name, state) for name in expected for state in ("ALARM", "OK")} - told
        assert not missing, f"not told: {sorted(missing)}"
        return True

    eventually(heard)
    for one in inbox.read():
        kind, urgency = catalog[one.alarm]["kind"], catalog[one.alarm]["urgency"]
        assert one.description.endswith(f"docs/runbooks/{kind}.md")
        gathers = kind in ("service-urgent", "customers-affected")
        assert one.topic == ("page" if gathers and urgency == "page" else "inform"), one.alarm
