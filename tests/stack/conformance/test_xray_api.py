"""The X-Ray API: what it takes, what it finds, and the daemon beside it."""

import json
import socket
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.xray.header import new_segment_id, new_trace_id
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.tracing import Document, summaries, trace
from tests.waiting import eventually


def put(cloud: Cloud, **fields: Any) -> Document:
    now = time.time()
    document = {
        "id": new_segment_id(),
        "trace_id": new_trace_id(),
        "name": unique("service"),
        "start_time": now - 1,
        "end_time": now,
        **fields,
    }
    answer = cloud.aws("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    assert answer["UnprocessedTraceSegments"] == []
    return document


def test_summaries_are_found_by_filter_expression(cloud: Cloud) -> None:
    slow = put(cloud, annotations={"order_id": "ord_7", "retry": True}, fault=True, http={"response": {"status": 502}})
    call = put(cloud, trace_id=slow["trace_id"], parent_id=slow["id"], origin="AWS::Lambda")
    put(cloud)
    name, only = slow["name"], [slow["trace_id"]]
    for expression in (
        f'service("{call["name"]}") AND fault',
        f'service(id(name: "{call["name"]}", type: "AWS::Lambda"))',
        'annotation.order_id = "ord_7"',
        'annotation[order_id] BEGINSWITH "ord_" AND annotation.retry = true',
        f'responsetime > 0.5 AND name = "{name}"',
        f'id = "{slow["trace_id"]}"',
        f'(http.status >= 500 OR error) AND service("{name}") AND NOT throttle',
    ):
        assert [found["Id"] for found in summaries(cloud, expression)] == only, expression
    assert summaries(cloud, f'id = "{only[0]}" AND ok') == []
    (about,) = summaries(cloud, f'id = "{only[0]}"')
    assert about["HasFault"] is True
    assert about["EntryPoint"]["Name"] == name
    assert about["Annotations"]["order_id"][0]["AnnotationValue"] == {"StringValue": "ord_7"}
    with pytest.raises(ClientError) as error:
        summaries(cloud, "service(")
    assert error.value.response["Error"]["Code"] == "InvalidRequestException"


def test_documents_that_are_no_segments_come_back(cloud: Cloud) -> None:
    xray = cloud.aws("xray")
    documents = ["{", json.dumps({"id": new_segment_id(), "trace_id": "1-2-3", "name": "n", "start_time": 1})]
    refused = xray.put_trace_segments(TraceSegmentDocuments=documents)["UnprocessedTraceSegments"]
    assert [found["ErrorCode"] for found in refused] == ["ParseError", "InvalidTraceId"]
    assert xray.batch_get_traces(TraceIds=[new_trace_id()])["UnprocessedTraceIds"]
    now = time.time()
    xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": now, "SegmentsReceivedCount": 1}])


def test_the_service_graph_has_a_node_per_service_and_an_edge_per_call(cloud: Cloud) -> None:
    client = put(cloud)
    server = put(cloud, trace_id=client["trace_id"], parent_id=client["id"], error=True)
    group = cloud.aws("xray").create_group(GroupName=unique("group"), FilterExpression=f'service("{server["name"]}")')[
        "Group"
    ]
    services = cloud.aws("xray").get_service_graph(
        StartTime=time.time() - 60, EndTime=time.time() + 1, GroupARN=group["GroupARN"]
    )["Services"]
    top, below = sorted(services, key=lambda found: not found["Root"])
    assert (top["Name"], below["Name"]) == (client["name"], server["name"])
    (edge,) = top["Edges"]
    assert edge["ReferenceId"] == below["ReferenceId"]
    assert below["SummaryStatistics"]["ErrorStatistics"]["TotalCount"] == 1
    assert edge["SummaryStatistics"]["TotalResponseTime"] == pytest.approx(1, abs=0.01)


def test_groups_and_sampling_rules_are_made_changed_and_removed(cloud: Cloud) -> None:
    xray, name = cloud.aws("xray"), unique("group")
    arn = xray.create_group(GroupName=name, FilterExpression="fault", Tags=[{"Key": "a", "Value": "b"}])["Group"][
        "GroupARN"
    ]
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    xray.update_group(GroupARN=arn, FilterExpression="error")
    assert xray.get_group(GroupName=name)["Group"]["FilterExpression"] == "error"
    xray.delete_group(GroupARN=arn)
    assert name not in [group["GroupName"] for group in xray.get_groups()["Groups"]]
    rule = {
        "RuleName": name,
        "Priority": 5,
        "FixedRate": 0.5,
        "ReservoirSize": 3,
        "ServiceName": "none",
        "ServiceType": "*",
        "Host": "*",
        "HTTPMethod": "*",
        "URLPath": "*",
        "ResourceARN": "*",
        "Version": 1,
    }
    made = xray.create_sampling_rule(SamplingRule=rule)["SamplingRuleRecord"]["SamplingRule"]
    assert made["RuleARN"] == f"arn:aws:xray:{REGION}:{ACCOUNT_ID}:sampling-rule/{name}"
    xray.delete_sampling_rule(RuleName=name)
    names = [record["SamplingRule"]["RuleName"] for record in xray.get_sampling_rules()["SamplingRuleRecords"]]
    assert names == ["Default"]


def test_what_is_no_datagram_of_the_protocol_does_not_stop_the_daemon(cloud: Cloud) -> None:
    function = cloud.function(
        "import os\ndef handler(event, context): return {'body': '\"' + os.environ['AWS_XRAY_DAEMON_ADDRESS'] + '\"'}"
    )
    host, port = json.loads(function.invoke().value["body"]).split(":")
    document = {"id": new_segment_id(), "trace_id": new_trace_id(), "name": "n", "start_time": 1.0, "end_time": 2.0}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        for datagram in (b"\xff\xfe", b"nonsense\n{}", b'{"format":"json","version":1}\n{"id":1}'):
            daemon.sendto(datagram, (host, int(port)))
        daemon.sendto(b'{"format":"json","version":1}\n' + json.dumps(document).encode(), (host, int(port)))
    assert eventually(lambda: trace(cloud, str(document["trace_id"])))
