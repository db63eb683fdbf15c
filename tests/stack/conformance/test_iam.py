"""IAM: each call of a function needs its action on its resource, and a changed policy acts at once."""

from typing import Any

import pytest

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, Function, unique

# Signs and sends what it is told with nothing but the standard library, as any SDK would.
CALLER = """
import datetime, hashlib, hmac, json, os, urllib.error, urllib.request
def sign(key, text): return hmac.new(key, text.encode(), hashlib.sha256).digest()
def handler(event, context):
    env, host = os.environ, os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    body, now = json.dumps(event["body"]), datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{env['AWS_REGION']}/{event['service']}/aws4_request"
    headers = {"content-type": "application/x-amz-json-1.0", "host": host, "x-amz-date": now,
               "x-amz-security-token": env["AWS_SESSION_TOKEN"], "x-amz-target": event["target"]}
    names = ";".join(sorted(headers))
    canonical = "\\n".join(["POST", "/", "", *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names,
                           hashlib.sha256(body.encode()).hexdigest()])
    key = ("AWS4" + env["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"): key = sign(key, part)
    text = "\\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = sign(key, text).hex()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={env['AWS_ACCESS_KEY_ID']}/{scope}, "
                                f"SignedHeaders={names}, Signature={signature}")
    request = urllib.request.Request(env["AWS_ENDPOINT_URL"] + "/", body.encode(), headers)
    try:
        return [200, json.loads(urllib.request.urlopen(request).read())]
    except urllib.error.HTTPError as error:
        return [error.code, json.loads(error.read())]
"""
ITEM = {"id": {"S": "1"}}


@pytest.fixture(scope="module")
def caller(cloud: Cloud) -> Function:
    return cloud.function(CALLER)


@pytest.fixture(scope="module")
def table(cloud: Cloud) -> str:
    name = unique("indexed")
    cloud.aws("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("id", "partner")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_partner",
                "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [{"AttributeName": "partner", "KeyType": "HASH"}],
            }
        ],
    )
    return name


def call(function: Function, service: str, target: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = function.invoke({"service": service, "target": target, "body": body})
    assert answer.error is None, answer.value
    return answer.value[0], answer.value[1]


def denied(answer: tuple[int, dict[str, Any]], action: str) -> bool:
    status, body = answer
    text = str(body.get("message") or body.get("Message"))
    return status in (400, 403) and "AccessDeniedException" in body["__type"] and action in text


def table_arn(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{name}"


TRANSACTION: dict[str, dict[str, dict[str, Any]]] = {
    "dynamodb:PutItem": {"Put": {"Item": ITEM}},
    "dynamodb:UpdateItem": {
        "Update": {
            "Key": {"id": {"S": "2"}},
            "UpdateExpression": "SET x = :x",
            "ExpressionAttributeValues": {":x": {"S": "x"}},
        }
    },
    "dynamodb:DeleteItem": {"Delete": {"Key": {"id": {"S": "3"}}}},
    "dynamodb:ConditionCheckItem": {
        "ConditionCheck": {"Key": {"id": {"S": "4"}}, "ConditionExpression": "attribute_not_exists(id)"}
    },
}


@pytest.mark.parametrize("removed", TRANSACTION)
def test_a_transaction_needs_the_action_of_each_of_its_items(caller: Function, table: str, removed: str) -> None:
    items = [{kind: {"TableName": table, **rest}} for item in TRANSACTION.values() for kind, rest in item.items()]
    request = ("dynamodb", "DynamoDB_20120810.TransactWriteItems", {"TransactItems": items})
    caller.allow(list(TRANSACTION), [table_arn(table)])
    assert call(caller, *request)[0] == 200
    caller.allow([action for action in TRANSACTION if action != removed], [table_arn(table)])
    assert denied(call(caller, *request), removed)


def test_a_transaction_needs_its_actions_on_every_table(caller: Function, table: str, cloud: Cloud) -> None:
    other, other_arn = cloud.results()
    items = [{"Put": {"TableName": name, "Item": ITEM}} for name in (table, other)]
    request = ("dynamodb", "DynamoDB_20120810.TransactWriteItems", {"TransactItems": items})
    caller.allow(["dynamodb:PutItem"], [table_arn(table)])
    assert denied(call(caller, *request), "dynamodb:PutItem")
    caller.allow(["dynamodb:PutItem"], [table_arn(table), other_arn])
    assert call(caller, *request)[0] == 200


def test_a_query_on_an_index_needs_the_index_and_not_the_table(caller: Function, table: str) -> None:
    request = (
        "dynamodb",
        "DynamoDB_20120810.Query",
        {
            "TableName": table,
            "IndexName": "by_partner",
            "KeyConditionExpression": "partner = :p",
            "ExpressionAttributeValues": {":p": {"S": "p"}},
        },
    )
    caller.allow(["dynamodb:Query"], [table_arn(table)])
    assert denied(call(caller, *request), "dynamodb:Query")
    caller.allow(["dynamodb:Query"], [f"{table_arn(table)}/index/by_partner"])
    assert call(caller, *request)[0] == 200


def test_put_events_needs_the_bus(caller: Function, cloud: Cloud) -> None:
    arn = cloud.aws("events").create_event_bus(Name=unique("bus"))["EventBusArn"]
    entry = {"Source": "tests", "DetailType": "t", "Detail": "{}", "EventBusName": arn}
    request = ("events", "AWSEvents.PutEvents", {"Entries": [entry]})
    caller.allow(["events:PutEvents"], [f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/default"])
    assert denied(call(caller, *request), "events:PutEvents")
    caller.allow(["events:PutEvents"], [arn])
    assert call(caller, *request)[0] == 200


def test_resource_policies_that_ask_for_tls_are_met(cloud: Cloud) -> None:
    import json

    url, arn = cloud.queue()
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert cloud.aws("sqs").send_message(QueueUrl=url, MessageBody="hello")["MessageId"]
