"""Metrics of queues and tables."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, unique
from tests.waiting import eventually


def statistic(cloud: Cloud, namespace: str, name: str, kind: str, **dimensions: str) -> float | None:
    """One statistic of the last hour."""
    now = time.time()
    found: list[dict[str, Any]] = cloud.aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - 3600,
        EndTime=now + 60,
        Period=86400,
        Statistics=[kind],
    )["Datapoints"]
    return float(found[-1][kind]) if found else None


def test_a_queue_has_its_messages_and_the_age_of_the_oldest(cloud: Cloud) -> None:
    sqs, (url, _) = cloud.aws("sqs"), cloud.queue()
    queue = {"QueueName": url.rpartition("/")[2]}
    entries = [{"Id": str(number), "MessageBody": "x"} for number in range(3)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    eventually(lambda: statistic(cloud, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", **queue) == 3)
    eventually(lambda: (statistic(cloud, "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", **queue) or 0) > 0.5)
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    eventually(lambda: statistic(cloud, "AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "Maximum", **queue) == 1)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    for name, count in (("Sent", 3), ("Received", 1), ("Deleted", 1)):
        assert statistic(cloud, "AWS/SQS", f"NumberOfMessages{name}", "Sum", **queue) == count


def test_a_table_has_its_consumed_capacity_and_latency(cloud: Cloud) -> None:
    tables, (table, _) = cloud.aws("dynamodb"), cloud.results()
    tables.put_item(TableName=table, Item={"id": {"S": "a"}, "text": {"S": "x" * 1500}})
    batch = [{"PutRequest": {"Item": {"id": {"S": key}}}} for key in "bcd"]
    assert "ConsumedCapacity" not in tables.batch_write_item(RequestItems={table: batch})
    tables.get_item(TableName=table, Key={"id": {"S": "a"}}, ConsistentRead=True)
    tables.get_item(TableName=table, Key={"id": {"S": "b"}})
    by_table = {"TableName": table}
    assert statistic(cloud, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", "Sum", **by_table) == 2 + 3
    assert statistic(cloud, "AWS/DynamoDB", "ConsumedReadCapacityUnits", "Sum", **by_table) == 1 + 0.5
    latency = statistic(cloud, "AWS/DynamoDB", "SuccessfulRequestLatency", "Average", **by_table, Operation="PutItem")
    assert 0 < (latency or 0) < 1000
    asked = tables.put_item(TableName=table, Item={"id": {"S": "e"}}, ReturnConsumedCapacity="TOTAL")
    assert asked["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 1.0}


def test_an_index_has_its_own_capacity_and_a_failed_condition_is_counted(cloud: Cloud) -> None:
    tables, table = cloud.aws("dynamodb"), unique("table")
    tables.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "partner")],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_partner",
                "KeySchema": [{"AttributeName": "partner", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    item = {"id": {"S": "a"}, "partner": {"S": "demo"}}
    tables.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(id)")
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        tables.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(id)")
    index = {"TableName": table, "GlobalSecondaryIndexName": "by_partner"}
    assert statistic(cloud, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", "Sum", **index) == 1
    assert statistic(cloud, "AWS/DynamoDB", "ConditionalCheckFailedRequests", "Sum", TableName=table) == 1
