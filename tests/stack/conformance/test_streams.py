"""Event source mappings of DynamoDB streams: order, partial failures, bisecting, caps, destinations, filters."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import STREAM_ACTIONS, Cloud, Function
from tests.waiting import eventually

# Notes each call as one log line: the ids it was given. An id that starts with "bad" fails as the variable MODE says.
CONSUMER = """
import json, os, time
def handler(event, context):
    ids = [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
    numbers = [record["dynamodb"]["Keys"].get("number", {}).get("N") for record in event["Records"]]
    call = {"ids": ids, "numbers": numbers, "arn": context.invoked_function_arn, "at": time.time()}
    print("CALL " + json.dumps(call))
    bad = [record for record in event["Records"] if record["dynamodb"]["Keys"]["id"]["S"].startswith("bad")]
    if os.environ["MODE"] == "slow":
        time.sleep(float(os.environ["SLEEP"]))
    if bad and os.environ["MODE"] == "raise":
        raise ValueError("poison")
    if os.environ["MODE"] == "partial":
        return {"batchItemFailures": [{"itemIdentifier": r["dynamodb"]["SequenceNumber"]} for r in bad]}
"""


class Consumer:
    """A function behind a stream mapping."""

    def __init__(self, cloud: Cloud, stream_arn: str, mode: str = "ok", *, sleep: float = 1.5, **settings: Any) -> None:
        variables = {"MODE": mode, "SLEEP": str(sleep)}
        self.function: Function = cloud.function(CONSUMER, Environment={"Variables": variables})
        self.function.allow(STREAM_ACTIONS, ["*"])
        self._cloud = cloud
        defaults = {"StartingPosition": "TRIM_HORIZON", "FunctionName": self.function.name}
        made = cloud.aws("lambda").create_event_source_mapping(EventSourceArn=stream_arn, **(defaults | settings))
        self.mapping = made["UUID"]

    def calls(self) -> list[dict[str, Any]]:
        """What it was called with, in order of time."""
        lines = [line for lines in self.function.logs().values() for line in lines if line.startswith("CALL ")]
        return sorted((json.loads(line[5:]) for line in lines), key=lambda call: call["at"])

    def ids(self) -> list[list[str]]:
        return [call["ids"] for call in self.calls()]

    def saw(self, *ids: str) -> bool:
        return set(ids) <= {key for call in self.ids() for key in call}

    def update(self, **settings: Any) -> None:
        self._cloud.aws("lambda").update_event_source_mapping(UUID=self.mapping, **settings)


@pytest.fixture
def source(cloud: Cloud) -> tuple[str, str]:
    return cloud.table()


def test_records_come_in_order_in_batches_through_the_alias(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    cloud.put(table, *"abcde")
    consumer = Consumer(cloud, stream, Enabled=False, BatchSize=2)
    name = consumer.function.name
    cloud.aws("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    consumer.update(FunctionName=f"{name}:live", Enabled=True)
    eventually(lambda: consumer.saw("e"))
    assert consumer.ids() == [["a", "b"], ["c", "d"], ["e"]]
    assert {call["arn"] for call in consumer.calls()} == {f"{consumer.function.arn}:live"}


def test_latest_sees_only_what_comes_later(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    cloud.put(table, "early")
    consumer = Consumer(cloud, stream, StartingPosition="LATEST")
    cloud.put(table, "late")
    eventually(lambda: consumer.saw("late"))
    assert not consumer.saw("early")


def test_the_batching_window_collects_records(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    consumer = Consumer(cloud, stream, BatchSize=10, MaximumBatchingWindowInSeconds=3)
    cloud.put(table, *"abc")
    eventually(lambda: consumer.saw("c"))
    assert consumer.ids() == [["a", "b", "c"]]


def test_a_disabled_mapping_reads_nothing_and_goes_on_where_it_was(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    consumer, witness = Consumer(cloud, stream), Consumer(cloud, stream)
    cloud.put(table, "a")
    eventually(lambda: consumer.saw("a"))
    consumer.update(Enabled=False)
    cloud.put(table, "b")
    eventually(lambda: witness.saw("b"))
    assert not consumer.saw("b")
    consumer.update(Enabled=True)
    eventually(lambda: consumer.saw("b"))
    assert consumer.ids() == [["a"], ["b"]]


def test_partial_failures_retry_from_the_first_failed_record(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    cloud.put(table, "a", "bad", "b")
    consumer = Consumer(
        cloud, stream, "partial", FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1
    )
    eventually(lambda: consumer.saw("b"))  # else "c" might come with them
    cloud.put(table, "c")
    eventually(lambda: consumer.saw("c"))
    assert consumer.ids() == [["a", "bad", "b"], ["bad", "b"], ["c"]]


def test_a_poison_record_is_isolated_and_reaches_the_on_failure_queue(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    url, queue = cloud.queue()
    cloud.put(table, "a", "b", "bad", "c")
    consumer = Consumer(
        cloud,
        stream,
        "raise",
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    [record] = cloud.receive(url)
    cloud.put(table, "after")
    eventually(lambda: consumer.saw("after"))
    assert consumer.ids() == [
        ["a", "b", "bad", "c"],
        ["a", "b"],
        ["bad", "c"],
        ["bad"],
        ["bad"],
        ["bad"],
        ["c"],
        ["after"],
    ]
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestContext"]["functionArn"] == consumer.function.arn
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    batch = record["DDBStreamBatchInfo"]
    assert (batch["batchSize"], batch["streamArn"]) == (1, stream)
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]
    assert "payload" not in record


def test_a_batch_that_is_too_old_is_given_up(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    url, queue = cloud.queue()
    cloud.put(table, "bad")
    # The API's smallest age is 60 s; the engine takes any, and so the test need not wait for a minute.
    consumer = Consumer(
        cloud, stream, "raise", MaximumRecordAgeInSeconds=2, DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    [record] = cloud.receive(url)
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"
    cloud.put(table, "after")
    eventually(lambda: consumer.saw("after"))


def test_filters_keep_other_records_away(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    pattern = json.dumps({"eventName": ["INSERT"], "dynamodb": {"Keys": {"id": {"S": [{"prefix": "yes-"}]}}}})
    consumer = Consumer(cloud, stream, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    cloud.put(table, "no-1", "yes-1", "no-2", "yes-2")
    eventually(lambda: consumer.saw("yes-2"))
    assert [key for ids in consumer.ids() for key in ids] == ["yes-1", "yes-2"]


def test_a_slow_consumer_delays_no_other(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    slow, quick = Consumer(cloud, stream, "slow", sleep=4, BatchSize=1), Consumer(cloud, stream, BatchSize=1)
    cloud.put(table, *"abc")
    eventually(lambda: quick.saw("c"))
    assert not slow.saw("c")


def test_parallel_batches_of_a_shard_keep_each_partition_key_in_order(cloud: Cloud) -> None:
    table, stream = cloud.table(sort=True)
    consumer = Consumer(cloud, stream, "slow", sleep=1, Enabled=False, BatchSize=1, ParallelizationFactor=4)
    keys = ["a", "b", "c", "d"]
    for number in range(2):
        for key in keys:
            item = {"id": {"S": key}, "number": {"N": str(number)}}
            cloud.aws("dynamodb").put_item(TableName=table, Item=item)
    consumer.update(Enabled=True)
    eventually(lambda: len(consumer.calls()) == 8)
    calls = consumer.calls()
    for key in keys:
        assert [call["numbers"] for call in calls if call["ids"] == [key]] == [["0"], ["1"]]
    assert calls[-1]["at"] - calls[0]["at"] < 8 * 1, "batches did not run in parallel"


def test_a_mapping_whose_role_cannot_read_the_stream_is_refused(cloud: Cloud, source: tuple[str, str]) -> None:
    function = cloud.function(CONSUMER)
    with pytest.raises(ClientError, match="Cannot access stream") as refused:
        cloud.aws("lambda").create_event_source_mapping(
            EventSourceArn=source[1], FunctionName=function.name, StartingPosition="LATEST"
        )
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_the_age_of_the_last_record_of_each_batch_is_a_metric(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    cloud.put(table, "old")
    written = time.time()
    consumer = Consumer(cloud, stream)
    eventually(lambda: consumer.saw("old"))
    waited = (time.time() - written) * 1000
    now = datetime.now(UTC)
    [point] = cloud.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": "FunctionName", "Value": consumer.function.name}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=86400,
        Statistics=["Maximum"],
        Unit="Milliseconds",
    )["Datapoints"]
    # A record's time of creation is in whole seconds.
    assert 0 <= point["Maximum"] <= waited + 1000


def polled(cloud: Cloud, mapping: str) -> tuple[float, float]:
    """(events polled, signs of the poller) of a mapping so far."""
    now = datetime.now(UTC)
    points = cloud.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="PolledEventCount",
        Dimensions=[{"Name": "EventSourceMappingUUID", "Value": mapping}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=86400,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return (points[0]["Sum"], points[0]["SampleCount"]) if points else (0, 0)


def test_a_mapping_with_event_metrics_says_that_it_polls(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    counted = Consumer(cloud, stream, MetricsConfig={"Metrics": ["EventCount"]})
    silent = Consumer(cloud, stream)
    found = cloud.aws("lambda").get_event_source_mapping(UUID=counted.mapping)
    assert found["MetricsConfig"] == {"Metrics": ["EventCount"]}
    cloud.put(table, "a")
    eventually(lambda: polled(cloud, counted.mapping)[0] == 1)
    signs = polled(cloud, counted.mapping)[1]
    eventually(lambda: polled(cloud, counted.mapping)[1] > signs)
    assert polled(cloud, silent.mapping) == (0, 0)
    counted.update(Enabled=False)
    stopped = [polled(cloud, counted.mapping)]

    def is_silent() -> bool:
        """Whether a whole stretch between two looks brought no sign."""
        time.sleep(1.5)  # three times as long as an idle poller is silent here
        stopped.append(polled(cloud, counted.mapping))
        return stopped[-1] == stopped[-2]

    eventually(is_silent)
    counted.update(Enabled=True)
    eventually(lambda: polled(cloud, counted.mapping)[1] > stopped[-1][1])


def test_the_execution_role_must_be_allowed_to_read_the_stream(cloud: Cloud, source: tuple[str, str]) -> None:
    table, stream = source
    consumer, witness = Consumer(cloud, stream), Consumer(cloud, stream)
    consumer.function.allow(["dynamodb:DescribeStream", "dynamodb:GetShardIterator"], ["*"])
    cloud.put(table, "a")
    eventually(lambda: witness.saw("a"))
    mapping = eventually(
        lambda: [
            found
            for found in [cloud.aws("lambda").get_event_source_mapping(UUID=consumer.mapping)]
            if found["LastProcessingResult"].startswith("PROBLEM")
        ]
    )[0]
    assert "dynamodb:GetRecords" in mapping["LastProcessingResult"]
    assert not consumer.saw("a")
    consumer.function.allow(STREAM_ACTIONS, [f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{table}/stream/*"])
    eventually(lambda: consumer.saw("a"))
