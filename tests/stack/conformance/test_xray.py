"""Traces: the header at every hop, and the segments of each service."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local.settings import ACCOUNT_ID
from scripts.local.xray.header import TraceHeader, new_segment_id, new_trace_id
from tests.stack.conformance.api import Api
from tests.stack.conformance.cloud import Cloud, Function, unique
from tests.stack.conformance.rest_api import RestApi, role, service_uri
from tests.stack.conformance.service_roles import service_role
from tests.stack.conformance.targets import open_queue
from tests.stack.conformance.tracing import header_sent, origins, sampled, summaries, trace
from tests.waiting import eventually

HEADER = (
    "import json, os\n"
    "def handler(event, context):\n"
    " return {'statusCode': 200, 'body': json.dumps(os.environ.get('_X_AMZN_TRACE_ID', ''))}"
)
SENDS_SUBSEGMENT = """
import json, os, socket, time
def handler(event, context):
    fields = dict(part.split("=") for part in os.environ["_X_AMZN_TRACE_ID"].split(";"))
    document = {"type": "subsegment", "id": "00000000000000aa", "trace_id": fields["Root"],
                "parent_id": fields["Parent"], "name": "work", "start_time": time.time(), "end_time": time.time()}
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    message = '{"format": "json", "version": 1}\\n' + json.dumps(document)
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(message.encode(), (host, int(port)))
    return {"statusCode": 200, "body": "{}"}
"""


def invoke(function: Function, header: TraceHeader | None = None, qualifier: str = "1") -> TraceHeader:
    """Invoke with a header; what the function found in its environment."""
    client = function.cloud.aws("lambda")
    with header_sent(client, header):
        answer = client.invoke(FunctionName=function.name, Qualifier=qualifier)
    return TraceHeader.parse(json.loads(json.loads(answer["Payload"].read())["body"]))


@pytest.fixture
def rule(cloud: Cloud) -> Any:
    """`rule(rate)` gives the default sampling rule another rate and no reservoir; it is put back afterwards."""

    def change(rate: float, reservoir: int = 0) -> None:
        update = {"RuleName": "Default", "FixedRate": rate, "ReservoirSize": reservoir}
        cloud.aws("xray").update_sampling_rule(SamplingRuleUpdate=update)

    yield change
    change(0.05, 1)


def test_a_traced_request_has_a_segment_for_each_service_and_the_times_fit(cloud: Cloud) -> None:
    api = Api(cloud, cloud.function(SENDS_SUBSEGMENT, TracingConfig={"Mode": "Active"}))
    cloud.aws("apigateway").update_stage(
        restApiId=api.id,
        stageName="v1",
        patchOperations=[
            {"op": "replace", "path": "/tracingEnabled", "value": "true"},
            {"op": "replace", "path": "/accessLogSettings/format", "value": '{"trace": "$context.xrayTraceId"}'},
        ],
    )
    header = sampled()
    answer = api.request("GET", "/open", headers={"X-Amzn-Trace-Id": str(header)})
    assert answer.status == 200, answer
    assert TraceHeader.parse(answer.headers["x-amzn-trace-id"]).root == header.root
    assert api.access_log() == [{"trace": header.root}]
    segments = eventually(lambda: len(found := trace(cloud, header.root)) == 3 and found)
    assert segments
    stage, service, function = segments
    assert origins(segments) == ["AWS::ApiGateway::Stage", "AWS::Lambda", "AWS::Lambda::Function"]
    assert stage["http"]["response"]["status"] == 200
    (call,) = stage["subsegments"]
    assert (service["parent_id"], function["parent_id"]) == (call["id"], service["id"])
    names = [part["name"] for part in function["subsegments"]]
    assert names == ["Initialization", "Invocation", "work", "Overhead"], "a cold start, with the function's own part"

    for outer, inner in [(stage, call), (call, service), (service, function)]:
        assert outer["start_time"] <= inner["start_time"] <= inner["end_time"] <= outer["end_time"]
    own = [part for part in function["subsegments"] if part["name"] != "work"]
    total = sum(part["end_time"] - part["start_time"] for part in own)
    assert total == pytest.approx(function["end_time"] - function["start_time"], abs=0.005)


def test_passthrough_follows_the_caller_and_active_samples_by_itself(cloud: Cloud, rule: Callable[..., None]) -> None:
    passive, active = cloud.function(HEADER), cloud.function(HEADER, TracingConfig={"Mode": "Active"})
    rule(1.0)
    assert invoke(passive).sampled is False
    own = invoke(active)
    assert own.sampled is True
    assert origins(trace(cloud, own.root)) == ["AWS::Lambda", "AWS::Lambda::Function"]
    header = sampled(new_segment_id())
    seen = invoke(passive, header)
    assert (seen.root, seen.sampled) == (header.root, True)
    service, function = trace(cloud, header.root)
    assert (service["parent_id"], function["id"]) == (header.parent, seen.parent)
    refused = invoke(active, TraceHeader(new_trace_id(), new_segment_id(), False))
    assert refused.sampled is False
    assert trace(cloud, refused.root) == []


def test_the_default_rule_takes_the_first_request_of_a_second_and_a_share_of_the_others(
    cloud: Cloud, rule: Callable[..., None]
) -> None:
    (record,) = cloud.aws("xray").get_sampling_rules()["SamplingRuleRecords"]
    found = record["SamplingRule"]
    assert (found["RuleName"], found["FixedRate"], found["ReservoirSize"]) == ("Default", 0.05, 1)
    rule(0.0, 1)
    function = cloud.function(HEADER, TracingConfig={"Mode": "Active"})
    started = time.time()
    decisions = []
    while time.time() < started + 1.5:
        decisions.append(invoke(function).sampled)
    assert 1 <= decisions.count(True) <= int(time.time()) - int(started) + 1
    assert len(decisions) > 10


def test_failures_are_faults_and_throttles(cloud: Cloud) -> None:
    function = cloud.function("def handler(event, context): raise ValueError(event)")
    header = sampled()
    client = cloud.aws("lambda")
    with header_sent(client, header):
        client.invoke(FunctionName=function.name)
        client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
        with pytest.raises(ClientError, match="Rate Exceeded"):
            client.invoke(FunctionName=function.name)
    failed, code, throttled = trace(cloud, header.root)
    assert failed["fault"] is code["fault"] is True
    assert (throttled["throttle"], throttled["http"]["response"]["status"]) == (True, 429)
    assert code["origin"] == "AWS::Lambda::Function", "nothing ran for the throttled one"


def test_an_event_takes_the_trace_through_the_bus_to_queue_and_function(cloud: Cloud) -> None:
    events, source = cloud.aws("events"), unique("source")
    url, queue_arn = open_queue(cloud)
    target = cloud.function(HEADER)
    rule_arn = events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))["RuleArn"]
    cloud.aws("lambda").add_permission(
        FunctionName=target.name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule_arn,
    )
    events.put_targets(Rule=source, Targets=[{"Id": "q", "Arn": queue_arn}, {"Id": "f", "Arn": target.arn}])
    header = sampled(new_segment_id())
    events.put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": "{}", "TraceHeader": str(header)}])

    segments = eventually(lambda: len(found := trace(cloud, header.root)) == 3 and found)
    assert segments
    assert origins(segments) == ["AWS::Events", "AWS::Lambda", "AWS::Lambda::Function"]
    assert segments[0]["parent_id"] == header.parent
    assert segments[1]["parent_id"] == segments[0]["id"]
    received = eventually(
        lambda: cloud.aws("sqs").receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"]).get("Messages")
    )
    carried = TraceHeader.parse(received[0]["Attributes"]["AWSTraceHeader"])
    assert carried == TraceHeader(header.root, segments[0]["id"], True)


def test_a_message_carries_the_header_of_its_request(cloud: Cloud) -> None:
    url, _ = cloud.queue()
    sqs, header = cloud.aws("sqs"), sampled(new_segment_id())
    with header_sent(sqs, header):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["AWSTraceHeader"])["Messages"]
    assert message["Attributes"]["AWSTraceHeader"] == str(header)


def test_a_gateway_that_sends_to_a_queue_passes_the_header_on(cloud: Cloud) -> None:
    url, arn = cloud.queue()
    api = RestApi(cloud)
    integration = {
        "type": "AWS",
        "uri": service_uri("sqs", f"path/{ACCOUNT_ID}/{arn.rpartition(':')[2]}"),
        "credentials": role(cloud, ["sqs:SendMessage"], [arn]),
        "requestParameters": {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        "requestTemplates": {"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
    }
    api.method("POST", "/messages", integration, [{"statusCode": "202"}])
    api.deploy()
    header = sampled(new_segment_id())
    headers = {"Content-Type": "application/json", "X-Amzn-Trace-Id": str(header)}
    assert api.request("POST", "/messages", {}, headers).status == 202
    (message,) = cloud.aws("sqs").receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert TraceHeader.parse(message["Attributes"]["AWSTraceHeader"]).root == header.root


def test_a_queue_consumer_sees_the_header_and_starts_a_trace_that_is_linked(
    cloud: Cloud, rule: Callable[..., None]
) -> None:
    rule(1.0)
    code = (
        "import json, os\n"
        "def handler(event, context):\n"
        " attributes = event['Records'][0]['attributes']\n"
        " print('SAW', attributes['AWSTraceHeader'], os.environ['_X_AMZN_TRACE_ID'])"
    )
    consumer = cloud.function(code, TracingConfig={"Mode": "Active"})
    url, arn = cloud.queue()
    consumer.allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [arn])
    cloud.aws("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=consumer.name)
    header = sampled(new_segment_id())
    system = {"AWSTraceHeader": {"DataType": "String", "StringValue": str(header)}}
    cloud.aws("sqs").send_message(QueueUrl=url, MessageBody="x", MessageSystemAttributes=system)

    def saw() -> list[str]:
        lines = [line for stream in consumer.logs().values() for line in stream]
        return next((line.split()[1:] for line in lines if line.startswith("SAW")), [])

    carried, own = eventually(saw)
    assert TraceHeader.parse(carried) == header
    assert TraceHeader.parse(own).root != header.root
    segments = eventually(lambda: trace(cloud, TraceHeader.parse(own).root))
    assert origins(segments) == ["AWS::Lambda", "AWS::Lambda::Function"]
    (link,) = segments[1]["links"]
    assert (link["trace_id"], link["id"]) == (header.root, header.parent)
    assert trace(cloud, header.root) == []


def test_a_workflow_has_a_segment_with_its_states_above_its_functions(cloud: Cloud, rule: Callable[..., None]) -> None:
    rule(1.0)
    task = cloud.function(HEADER)
    _, role = service_role(cloud, "states", ["lambda:InvokeFunction"])
    states = {"First": {"Type": "Pass", "Next": "Call"}, "Call": {"Type": "Task", "Resource": task.arn, "End": True}}
    machine = cloud.aws("stepfunctions").create_state_machine(
        name=unique("machine"),
        definition=json.dumps({"StartAt": "First", "States": states}),
        roleArn=role,
        tracingConfiguration={"enabled": True},
    )["stateMachineArn"]
    cloud.aws("stepfunctions").start_execution(stateMachineArn=machine)
    about = eventually(lambda: summaries(cloud, f'service("{machine.rpartition(":")[2]}")'))
    segments = trace(cloud, about[0]["Id"])
    assert origins(segments) == ["AWS::StepFunctions::StateMachine", "AWS::Lambda", "AWS::Lambda::Function"]
    assert [part["name"] for part in segments[0]["subsegments"]] == ["First", "Call"]
    assert segments[1]["parent_id"] == segments[0]["id"]
