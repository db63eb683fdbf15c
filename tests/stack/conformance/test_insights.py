"""Logs Insights: queries over the events of functions and others; saved queries."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, unique

CODE = """
import json

def handler(event, context):
    print(json.dumps({"level": event["level"], "took": event["took"], "partner": {"id": "demo"}}))
"""


def query(cloud: Cloud, groups: list[str], text: str, **more: Any) -> list[dict[str, str]]:
    """The rows of a query over the last hour."""
    logs, now = cloud.aws("logs"), int(time.time())
    started = logs.start_query(logGroupNames=groups, queryString=text, startTime=now - 3600, endTime=now + 60, **more)
    found = logs.get_query_results(queryId=started["queryId"])
    assert found["status"] == "Complete"
    return [{field["field"]: field["value"] for field in row} for row in found["results"]]


def test_the_events_of_functions_are_counted_and_measured(cloud: Cloud) -> None:
    first, second = cloud.function(CODE), cloud.function(CODE)
    for function, level, took in ((first, "INFO", 10), (first, "ERROR", 30), (second, "INFO", 50)):
        function.invoke({"level": level, "took": took})
    groups = [first.log_group, second.log_group]
    by_level = "filter partner.id = 'demo' | stats count(*) as n, avg(took) as mean by level | sort level"
    assert query(cloud, groups, by_level) == [
        {"level": "ERROR", "n": "1", "mean": "30"},
        {"level": "INFO", "n": "2", "mean": "30"},
    ]
    by_group = 'filter @type = "REPORT" | stats count(*) as n, min(@duration) > 0 as real by @log | sort n desc'
    assert query(cloud, groups, by_group) == [
        {"@log": f"000000000000:{first.log_group}", "n": "2", "real": "1"},
        {"@log": f"000000000000:{second.log_group}", "n": "1", "real": "1"},
    ]
    [row] = query(cloud, groups, "fields @timestamp, @logStream, took | filter took > 40 | limit 5")
    assert row["took"] == "50"
    assert row["@ptr"]


def test_a_query_sees_the_events_of_its_time(cloud: Cloud) -> None:
    group, now = unique("/shop/log"), int(time.time() * 1000)
    logs = cloud.aws("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    events = [{"timestamp": now - 7200_000, "message": "old"}, {"timestamp": now, "message": "new"}]
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)
    assert [row["@message"] for row in query(cloud, [group], "fields @message")] == ["new"]


def test_malformed_queries_and_missing_groups_are_refused(cloud: Cloud) -> None:
    function = cloud.function(CODE)
    with pytest.raises(ClientError, match="MalformedQueryException"):
        query(cloud, [function.log_group], "fields @message | order by 1")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        query(cloud, ["/nowhere"], "fields @message")


def test_queries_are_saved_changed_found_and_deleted(cloud: Cloud) -> None:
    logs, name = cloud.aws("logs"), unique("tradepost/slow")
    key = logs.put_query_definition(name=name, queryString="fields @message", logGroupNames=["/shop"])[
        "queryDefinitionId"
    ]
    again = logs.put_query_definition(name=name, queryString="fields @message | limit 1", queryDefinitionId=key)
    assert again["queryDefinitionId"] == key
    [found] = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert (found["name"], found["queryString"]) == (name, "fields @message | limit 1")
    assert logs.delete_query_definition(queryDefinitionId=key)["success"]
    assert logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.put_query_definition(name=name, queryString=json.dumps(""), queryDefinitionId=key)
