"""Least privilege, both ways: each function does its work with its policy, and not without any one action of it.

Every action of every `services/<name>/policies/<function>.json` is taken away once, through the IAM API, from the role
that Terraform made; then the function is asked to do its work and must be refused.
"""

import copy
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.stack import fulfillment, inventory, payments
from tests.stack.conftest import ROOT, Stack
from tests.stack.orders import completed_order, order
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("resting_orders")

POLICY_FILES = sorted((ROOT / "services").glob("*/policies/*.json"))
GRANTS = [
    pytest.param(path, resource, action, id=f"{path.parents[1].name}.{path.stem}: {action} on {resource}")
    for path in POLICY_FILES
    for resource, actions in json.loads(path.read_text()).items()
    for action in actions
]


@dataclass(frozen=True)
class Role:
    """The role of one deployed function, with the inline policy that Terraform made of its policy file."""

    iam: Any
    name: str
    policy_name: str
    document: dict[str, Any]

    def without(self, action: str, arn_of: str) -> dict[str, Any]:
        """The policy document less `action` on the resource whose statement is called `arn_of`."""
        document = copy.deepcopy(self.document)
        for statement in document["Statement"]:
            if statement["Sid"] == arn_of:
                statement["Action"] = [kept for kept in _listed(statement["Action"]) if kept != action]
        document["Statement"] = [statement for statement in document["Statement"] if statement["Action"]]
        assert document != self.document, f"{self.policy_name} has no {action} in a statement {arn_of}"
        return document

    def put(self, document: dict[str, Any]) -> None:
        if not document["Statement"]:
            self.iam.delete_role_policy(RoleName=self.name, PolicyName=self.policy_name)
            return
        self.iam.put_role_policy(RoleName=self.name, PolicyName=self.policy_name, PolicyDocument=json.dumps(document))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _sid(resource: str) -> str:
    """The statement id that the function module makes of a logical name: order_events -> OrderEvents."""
    return "".join(part.capitalize() for part in resource.replace(".", "_").split("_"))


def _role(stack: Stack, function: str) -> Role:
    lambda_, iam = stack.environment.client("lambda"), stack.environment.client("iam")
    name = stack.outputs["functions"][function]["name"]
    role = lambda_.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    wanted = json.loads((ROOT / "services" / function.replace(".", "/policies/")).with_suffix(".json").read_text())
    for policy_name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy_name)["PolicyDocument"]
        if _sid(next(iter(wanted))) in {statement.get("Sid") for statement in document["Statement"]}:
            return Role(iam, role, policy_name, document)
    raise AssertionError(f"{role} has no inline policy made of the policy file of {function}")


@pytest.fixture
def works(stack: Stack, aws: Any) -> Callable[[str], bool]:
    """Ask a function to do all it can do; tells whether it could."""
    deeds = (
        fulfillment.deeds(stack)
        | inventory.deeds(stack)
        | payments.deeds(stack)
        | {
            "operations.deploy_check": lambda: _deploy_check_works(stack, aws),
            "orders.api": lambda: _api_works(stack, aws),
            "orders.commands": lambda: _commands_work(stack),
            "orders.project": lambda: _stream_consumer_works(stack, aws, "orders.project"),
            "orders.publish": lambda: _stream_consumer_works(stack, aws, "orders.publish"),
            "orders.replay": lambda: _replay_works(stack, aws),
        }
    )
    return lambda function: deeds[function]()


@pytest.fixture(scope="module", autouse=True)
def finished_rotation(stack: Stack) -> Iterator[None]:
    """A rotation without its rights waits to be gone on with: what comes after would meet it."""
    yield
    assert payments.Till(stack).rotate()


@pytest.fixture
def restored() -> Iterator[list[Role]]:
    """Roles put here get their policy back when the test ends."""
    roles: list[Role] = []
    yield roles
    for role in roles:
        role.put(role.document)


@pytest.mark.parametrize("path", POLICY_FILES, ids=lambda path: f"{path.parents[1].name}.{path.stem}")
def test_its_policy_is_enough(path: Path, works: Callable[[str], bool]) -> None:
    assert works(f"{path.parents[1].name}.{path.stem}")


@pytest.mark.parametrize(("path", "resource", "action"), GRANTS)
def test_no_action_can_be_taken_away(
    path: Path, resource: str, action: str, stack: Stack, works: Callable[[str], bool], restored: list[Role]
) -> None:
    function = f"{path.parents[1].name}.{path.stem}"
    role = _role(stack, function)
    restored.append(role)
    role.put(role.without(action, _sid(resource)))
    assert not works(function), f"{function} does its work without {action} on {resource}: take it out of {path}"


def _api_works(stack: Stack, aws: Any) -> bool:
    client, key = stack.client(), str(uuid4())
    placed = client.place(order(), key)
    if placed.status_code != 201:
        return False
    order_id = placed.json()["order_id"]
    completed = completed_order(stack, aws, like=order_id)
    total = placed.json()["total_amount"]
    answers = [
        client.cancel(order_id, "seen enough"),
        client.place(order(), key),
        client.get(order_id),
        client.events(order_id),
        client.list(),
        client.list(status="placed"),
        # The second time nothing is left to refund: the stored answer is looked up.
        *(client.refund(completed, total, "broken", key) for _ in range(2)),
    ]
    return all(answer.ok for answer in answers)


def _commands_work(stack: Stack) -> bool:
    order_id = stack.client().place(order()).json()["order_id"]
    command = {"command": "confirm", "order_id": order_id, "correlation_id": "least-privilege"}
    error, _ = stack.invoke("orders.commands", command)
    return error is None


def _stream_consumer_works(stack: Stack, aws: Any, function: str) -> bool:
    """Give the function the stream record of an order, as the stream would."""
    order_id = stack.client().place(order()).json()["order_id"]
    stored = aws("dynamodb").query(
        TableName=stack.outputs["tables"]["order_events"],
        KeyConditionExpression="order_id = :order_id",
        ExpressionAttributeValues={":order_id": {"S": order_id}},
    )["Items"][0]
    record = {
        "eventID": uuid4().hex,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stack.environment.region,
        "dynamodb": {
            "ApproximateCreationDateTime": 1_700_000_000,
            "Keys": {name: stored[name] for name in ("order_id", "sequence")},
            "NewImage": stored,
            "SequenceNumber": "1",
            "SizeBytes": 1,
            "StreamViewType": "NEW_IMAGE",
        },
    }
    error, answer = stack.invoke(function, {"Records": [record]})
    return error is None and answer["batchItemFailures"] == []


def _deploy_check_works(stack: Stack, aws: Any) -> bool:
    """A deployment of a function to the version that it is at, which moves nothing: the hook lets it pass."""
    function, codedeploy = stack.outputs["functions"]["orders.replay"], aws("codedeploy")
    version = aws("lambda").get_alias(FunctionName=function["name"], Name=function["alias"])["FunctionVersion"]
    properties = {"Name": function["name"], "Alias": function["alias"], "CurrentVersion": version}
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties | {"TargetVersion": version}}
    hooks = [{"BeforeAllowTraffic": stack.outputs["deployment_hook"]}]
    appspec = json.dumps({"version": 0.0, "Resources": [{"it": resource}], "Hooks": hooks})
    started = time.time()
    deployment = codedeploy.create_deployment(
        applicationName=stack.outputs["codedeploy_application"],
        deploymentGroupName=function["deployment_group"],
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec}},
        autoRollbackConfiguration={"enabled": False},
    )["deploymentId"]

    def verdict() -> str:
        status = str(codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]["status"])
        if status in ("Succeeded", "Failed", "Stopped"):
            return status
        return "hook failed" if stack.errors("operations.deploy_check", started) else ""

    found = eventually(verdict)
    if found == "hook failed":
        # Where it may not report, its deployment would wait for it.
        with suppress(codedeploy.exceptions.DeploymentAlreadyCompletedException):
            codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=False)
    return found == "Succeeded"


def _replay_works(stack: Stack, aws: Any) -> bool:
    """A whole replay, with one row to take away."""
    ghost = {"order_id": {"S": f"ord_{uuid4().hex[:26].upper()}"}, "sequence": {"N": "1"}}
    dynamodb, table = aws("dynamodb"), stack.outputs["tables"]["orders_view"]
    dynamodb.put_item(TableName=table, Item=ghost)
    progress: dict[str, Any] = {"next": None}
    while True:
        error, progress = stack.invoke("orders.replay", {"next": progress["next"]})
        if error is not None or progress["failed"]:
            return False
        if progress["next"] is None:
            return "Item" not in dynamodb.get_item(TableName=table, Key={"order_id": ghost["order_id"]})
