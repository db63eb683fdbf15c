"""What fails for good waits in a failure queue while the others go on; after the fix `make redrive` replays it all."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.bus_tap import BusTap, tap
from scripts.client import OrderClient
from shared.ids import new_id
from tests.stack.conftest import Stack
from tests.stack.orders import order
from tests.waiting import eventually

CONSUMERS = ("orders.project", "orders.publish")


@pytest.fixture(scope="module", autouse=True)
def without_retries(stack: Stack) -> Iterator[None]:
    """Failures come at once: retries take a minute, and are tested elsewhere."""
    client = stack.environment.client("lambda")
    mappings = [
        client.list_event_source_mappings(FunctionName=stack.outputs["functions"][key]["alias_arn"])[
            "EventSourceMappings"
        ][0]
        for key in CONSUMERS
    ]
    function = stack.outputs["functions"]["orders.replay"]
    chosen = {"FunctionName": function["name"], "Qualifier": function["alias"]}
    before = client.get_function_event_invoke_config(**chosen)
    kept = {"DestinationConfig": before["DestinationConfig"]}
    for mapping in mappings:
        client.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=0)
    client.put_function_event_invoke_config(**chosen, **kept, MaximumRetryAttempts=0)
    yield
    for mapping in mappings:
        client.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=mapping["MaximumRetryAttempts"])
    settings = {name: before[name] for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")}
    client.put_function_event_invoke_config(**chosen, **kept, **settings)


def waiting(stack: Stack, key: str) -> int:
    """How many messages a function's failure queue has."""
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = stack.environment.client("sqs").get_queue_attributes(
        QueueUrl=stack.outputs["failure_queues"][key], AttributeNames=wanted
    )
    return sum(int(found["Attributes"][name]) for name in wanted)


def placed(client: OrderClient) -> str:
    answer = client.place(order())
    assert answer.status_code == 201
    return str(answer.json()["order_id"])


def test_a_poison_event_waits_while_the_others_go_on_and_is_replayed_once(
    stack: Stack, client: OrderClient, aws: Any
) -> None:
    dynamodb, table = aws("dynamodb"), stack.outputs["tables"]["order_events"]
    with tap(stack.environment, stack.outputs["event_bus_name"]) as bus:

        def arrived(*ids: str) -> bool:
            bus.poll(0)
            seen = {event.get("order_id") for event in bus.events}
            listed = {one["order_id"] for one in client.list(limit="100").json()["items"]}
            return set(ids) <= listed and set(ids) <= seen

        before = placed(client)
        poison = poisoned(dynamodb, table, before)
        after = placed(client)
        eventually(lambda: arrived(before, after))
        eventually(lambda: all(waiting(stack, key) == 1 for key in CONSUMERS))

        listed = stack.command("redrive").stdout
        assert "order not projected; its records come again: KeyError: 'type'" in listed
        assert "not an event: KeyError: 'type'" in listed
        doctor = stack.command("doctor", status=1).stdout
        assert "orders-publish-failures: 1 messages failed for good" in doctor
        assert (
            poison["order_id"]["S"] in stack.command("logs", "--level", "ERROR", "--function", "orders.project").stdout
        )

        refused = stack.command("redrive", "--replay", "--queue", "orders.publish", status=1).stdout
        assert "still reports 1 of 1 records as failed" in refused
        assert waiting(stack, "orders.publish") == 1

        dynamodb.put_item(TableName=table, Item={**poison, "type": {"S": "order_placed"}})
        assert waiting(stack, "orders.project") == 1
        plan = stack.command("redrive", "--replay", "--as-they-are", "--dry-run").stdout
        assert plan.count("with 1 record from the table") == 2
        bus.drain(1)
        before_redrive = published(bus)
        stack.command("redrive", "--replay", "--as-they-are")
        assert [waiting(stack, key) for key in CONSUMERS] == [0, 0]
        eventually(lambda: arrived(poison["order_id"]["S"]))
        assert "nothing that is chosen waits" in stack.command("redrive", "--replay").stdout

        # An event that comes after all others tells that nothing else is on its way.
        last = placed(client)
        eventually(lambda: arrived(last))
    # The stream itself may have told of an order twice, as its batch held the poison; the redrive told of none again.
    new = [poison["event_id"]["S"], first_event(dynamodb, table, last)["event_id"]["S"]]
    assert published(bus) - before_redrive == Counter(new)
    audit = stack.command("audit").stdout
    assert audit.count("redrive replay") >= 4


def published(bus: BusTap) -> Counter[str]:
    """How often the placement of each order came over the bus; what follows from it is the workflow's."""
    return Counter(event["event_id"] for event in bus.events if event["type"] == "order_placed")


def first_event(dynamodb: Any, table: str, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = dynamodb.query(
        TableName=table,
        KeyConditionExpression="order_id = :id",
        ExpressionAttributeValues={":id": {"S": order_id}},
    )["Items"][0]
    return found


def poisoned(dynamodb: Any, table: str, like: str) -> dict[str, Any]:
    """Write an event without a type, as a bad release might; return it."""
    found = first_event(dynamodb, table, like)
    item: dict[str, Any] = {**found, "order_id": {"S": new_id("ord")}, "event_id": {"S": new_id("evt")}}
    del item["type"]
    dynamodb.put_item(TableName=table, Item=item)
    return item


def test_a_failed_event_is_given_to_its_function_again(stack: Stack, client: OrderClient, aws: Any) -> None:
    key = "orders.replay"
    function = stack.outputs["functions"][key]
    iam, role = aws("iam"), function["name"]
    rights = iam.get_role_policy(RoleName=role, PolicyName="code")["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName="code")
    try:
        aws("lambda").invoke(FunctionName=function["alias_arn"], InvocationType="Event", Payload=b'{"limit": 1}')
        eventually(lambda: waiting(stack, key) == 1)
        placed(client)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="code", PolicyDocument=json.dumps(rights))
    shown = stack.command("redrive", "--queue", key, "--show").stdout
    assert "AccessDenied" in shown
    assert '"limit": 1' in shown
    request = next(line.split()[-1] for line in shown.splitlines() if line.startswith("request id"))

    def replayed() -> list[str]:
        lines = stack.command("logs", "--since", "10m", "--function", key, "replayed").stdout.splitlines()
        return [line for line in lines if "orders=1" in line]

    earlier = len(replayed())
    stack.command("redrive", "--queue", key, "--replay")
    assert waiting(stack, key) == 0
    done = eventually(lambda: replayed()[earlier:], pause=0.5)
    assert len(done) == 1
    assert request not in done[0]


def test_a_message_can_be_purged_by_its_cause(stack: Stack, aws: Any) -> None:
    url = stack.outputs["failure_queues"]["orders.replay"]
    for text in ("nobody needs it", "keep it"):
        aws("sqs").send_message(QueueUrl=url, MessageBody=text)
    refused = stack.command("redrive", "--queue", "orders.replay", "--replay", status=1).stdout
    assert "an envelope that is not known" in refused
    assert "2" in refused
    stack.command("redrive", "--queue", "orders.replay", "--find", "nobody", "--purge", "--yes")
    assert waiting(stack, "orders.replay") == 1
    stack.command("redrive", "--queue", "orders.replay", "--purge", "--yes")
    assert waiting(stack, "orders.replay") == 0
