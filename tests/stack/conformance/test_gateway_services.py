"""Integrations with AWS services: templates make their requests, the integration's role is checked by the service."""

import json

from scripts.local.settings import ACCOUNT_ID
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.rest_api import RestApi, role, service_uri
from tests.waiting import eventually

FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
PROBLEM = {
    "statusCode": "400",
    "selectionPattern": "4\\d{2}",
    "responseTemplates": {"application/json": '{"refused":1}'},
}


def test_a_body_goes_to_a_queue_as_a_form(cloud: Cloud) -> None:
    url, arn = cloud.queue()
    api = RestApi(cloud)
    integration = {
        "type": "AWS",
        "uri": service_uri("sqs", f"path/{ACCOUNT_ID}/{arn.rpartition(':')[2]}"),
        "credentials": role(cloud, ["sqs:SendMessage"], [arn]),
        "requestParameters": FORM,
        "requestTemplates": {"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
        "passthroughBehavior": "NEVER",
    }
    template = '{"id":$input.json("$.SendMessageResponse.SendMessageResult.MessageId")}'
    accepted = {
        "statusCode": "202",
        "responseTemplates": {"application/json": template},
        "responseParameters": {
            "method.response.header.X-Md5": "integration.response.body.SendMessageResponse.SendMessageResult"
            ".MD5OfMessageBody",
            "method.response.header.X-Request": "context.requestId",
            "method.response.header.Cache-Control": "'no-store'",
        },
    }
    api.method("POST", "/messages", integration, [accepted, PROBLEM])
    api.deploy()
    answer = api.request("POST", "/messages", {"text": "a & b = 100 %"}, {"Content-Type": "application/json"})
    assert answer.status == 202, answer
    assert len(answer.body["id"]) == 36
    assert answer.headers["x-request"] == answer.headers["x-amzn-requestid"]
    assert (len(answer.headers["x-md5"]), answer.headers["cache-control"]) == (32, "no-store")
    assert cloud.receive(url) == [{"text": "a & b = 100 %"}]


def test_an_item_is_written_and_read_through_templates(cloud: Cloud) -> None:
    table, arn = cloud.results()
    api = RestApi(cloud)
    credentials = role(cloud, ["dynamodb:PutItem", "dynamodb:GetItem"], [arn])
    put = (
        '{"TableName":"$stageVariables.table","Item":{"id":{"S":"$input.params(\'id\')"},'
        '"caller":{"S":"$context.identity.sourceIp"},"lines":{"L":['
        '#foreach($line in $input.path(\'$.lines\')){"S":"$line.sku"}#if($foreach.hasNext),#end#end]}}}'
    )
    get = '{"TableName":"$stageVariables.table","Key":{"id":{"S":"$input.params(\'id\')"}}}'
    found = (
        '#set($item = $input.path("$.Item"))#if($item == ""){"type":"not_found"}'
        "#set($context.responseOverride.status = 404)#else"
        '{"skus":[#foreach($l in $item.lines.L)"$l.S"#if($foreach.hasNext),#end#end],"by":"$item.caller.S"}#end'
    )
    aws = {"type": "AWS", "credentials": credentials}
    api.method(
        "PUT",
        "/things/{id}",
        {**aws, "uri": service_uri("dynamodb", "action/PutItem"), "requestTemplates": {"application/json": put}},
        [{"statusCode": "204", "responseTemplates": {"application/json": ""}}],
    )
    api.method(
        "GET",
        "/things/{id}",
        {**aws, "uri": service_uri("dynamodb", "action/GetItem"), "requestTemplates": {"application/json": get}},
        [{"statusCode": "200", "responseTemplates": {"application/json": found}}],
    )
    api.deploy(variables={"table": table})
    lines = {"lines": [{"sku": "A-1"}, {"sku": "B-2"}]}
    stored = api.request("PUT", "/things/7", lines, {"X-Forwarded-For": "203.0.113.9"})
    assert (stored.status, stored.body) == (204, "")
    assert api.request("GET", "/things/7").body == {"skus": ["A-1", "B-2"], "by": "203.0.113.9"}
    absent = api.request("GET", "/things/8")
    assert (absent.status, absent.body) == (404, {"type": "not_found"})


def test_the_role_of_an_integration_needs_the_action(cloud: Cloud) -> None:
    table, arn = cloud.results()
    api = RestApi(cloud)
    template = {"application/json": json.dumps({"TableName": table, "Key": {"id": {"S": "1"}}})}
    uri = service_uri("dynamodb", "action/GetItem")
    roles = {
        "/allowed": role(cloud, ["dynamodb:GetItem"], [arn]),
        "/denied": role(cloud, ["dynamodb:PutItem"], [arn]),
        "/untrusted": role(cloud, ["dynamodb:GetItem"], [arn], principal="lambda.amazonaws.com"),
    }
    refused = {**PROBLEM, "statusCode": "403"}
    for path, credentials in roles.items():
        integration = {"type": "AWS", "uri": uri, "credentials": credentials, "requestTemplates": template}
        api.method("GET", path, integration, [{"statusCode": "200"}, refused])
    api.deploy()
    assert api.request("GET", "/allowed").status == 200
    denied = api.request("GET", "/denied")
    assert (denied.status, denied.body) == (403, {"refused": 1})
    untrusted = api.request("GET", "/untrusted")
    assert (untrusted.status, untrusted.body) == (500, {"message": "Internal server error"})


def _permit(cloud: Cloud, url: str, queue: str, service: str, source: str) -> None:
    """Let a service send to a queue for one source."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def test_an_event_is_put_on_a_bus(cloud: Cloud) -> None:
    url, arn = cloud.queue()
    bus = unique("bus")
    events = cloud.aws("events")
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    rule_arn = events.put_rule(Name=unique("rule"), EventBusName=bus, EventPattern='{"source":["gateway"]}')["RuleArn"]
    _permit(cloud, url, arn, "events.amazonaws.com", rule_arn)
    events.put_targets(Rule=rule_arn.rpartition("/")[2], EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    template = (
        '{"Entries":[{"Source":"gateway","DetailType":"made","EventBusName":"' + bus + '",'
        '"Detail":"$util.escapeJavaScript($input.json(\'$\'))"}]}'
    )
    api = RestApi(cloud)
    integration = {
        "type": "AWS",
        "uri": service_uri("events", "action/PutEvents"),
        "credentials": role(cloud, ["events:PutEvents"], [bus_arn]),
        "requestTemplates": {"application/json": template},
    }
    api.method("POST", "/events", integration)
    api.deploy()
    answer = api.request("POST", "/events", {"name": 'a "b"'})
    assert (answer.status, answer.body["FailedEntryCount"]) == (200, 0)
    assert cloud.receive(url)[0]["detail"] == {"name": 'a "b"'}


def test_an_execution_is_started(cloud: Cloud) -> None:
    states = cloud.aws("stepfunctions")
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
    machine = states.create_state_machine(
        name=unique("machine"),
        definition=json.dumps(definition),
        roleArn=role(cloud, ["logs:*"], ["*"], principal="states.amazonaws.com"),
    )["stateMachineArn"]
    template = (
        '#set($body = $util.escapeJavaScript($input.json(\'$\'))){"stateMachineArn":"' + machine + '","input":"$body"}'
    )
    api = RestApi(cloud)
    integration = {
        "type": "AWS",
        "uri": service_uri("states", "action/StartExecution"),
        "credentials": role(cloud, ["states:StartExecution"], [machine]),
        "requestTemplates": {"application/json": template},
    }
    api.method("POST", "/runs", integration, [{"statusCode": "200"}, PROBLEM])
    api.deploy()
    execution = api.request("POST", "/runs", {"order": "7"}).body["executionArn"]
    found = eventually(
        lambda: (run := states.describe_execution(executionArn=execution))["status"] == "SUCCEEDED" and run
    )
    assert json.loads(found["output"]) == {"order": "7"}


def test_a_message_is_published(cloud: Cloud) -> None:
    url, queue = cloud.queue()
    topic = cloud.aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    _permit(cloud, url, queue, "sns.amazonaws.com", topic)
    cloud.aws("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"}
    )
    api = RestApi(cloud)
    integration = {
        "type": "AWS",
        "uri": service_uri("sns", "action/Publish"),
        "credentials": role(cloud, ["sns:Publish"], [topic]),
        "requestParameters": {
            "integration.request.querystring.TopicArn": f"'{topic}'",
            "integration.request.querystring.Message": "method.request.body",
        },
    }
    api.method("POST", "/", integration, [{"statusCode": "200"}, PROBLEM])
    api.deploy()
    answer = api.request("POST", "/", {"a": 1})
    assert (answer.status, len(answer.body["PublishResponse"]["PublishResult"]["MessageId"])) == (200, 36)
    assert cloud.receive(url) == [{"a": 1}]
