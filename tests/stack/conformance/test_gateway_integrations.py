"""Integrations without proxy: services, functions and mocks through templates, parameters and selection patterns."""

import json

import pytest

from scripts.local.settings import ACCOUNT_ID
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.rest_api import RestApi, function_uri, role, service_uri
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


def test_a_content_type_without_a_template_is_unsupported(cloud: Cloud) -> None:
    api = RestApi(cloud)
    template = {"requestTemplates": {"application/json": '{"statusCode": 200}'}}
    api.method("POST", "/never", {"type": "MOCK", "passthroughBehavior": "NEVER", **template})
    api.method("POST", "/templates", {"type": "MOCK", "passthroughBehavior": "WHEN_NO_TEMPLATES", **template})
    api.deploy()
    for path in ("/never", "/templates"):
        answer = api.request("POST", path, "x", {"Content-Type": "text/plain"})
        assert (answer.status, answer.body) == (415, {"message": "Unsupported Media Type"})
        assert api.request("POST", path, "{}", {"Content-Type": "application/json; charset=utf-8"}).status == 200


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


def test_an_event_is_put_on_a_bus(cloud: Cloud) -> None:
    url, arn = cloud.queue()
    bus = unique("bus")
    events = cloud.aws("events")
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    rule_arn = events.put_rule(Name=unique("rule"), EventBusName=bus, EventPattern='{"source":["gateway"]}')["RuleArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
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


FUNCTION = """
def handler(event, context):
    if event.get("fail"): raise ValueError("[NotFound] no " + event["fail"])
    return {"event": event}
"""


def test_a_function_gets_the_mapped_body_and_its_errors_are_selected(cloud: Cloud) -> None:
    function = cloud.function(FUNCTION)
    api = RestApi(cloud)
    api.permit(function)
    template = '{"name":"$input.params(\'name\')","fail":"$input.params(\'fail\')","stage":"$context.stage"}'
    integration = {
        "type": "AWS",
        "uri": function_uri(function.arn),
        "requestTemplates": {"application/json": template},
    }
    responses = [
        {"statusCode": "200", "responseTemplates": {"application/json": "$input.json('$.event')"}},
        {
            "statusCode": "404",
            "selectionPattern": "\\[NotFound\\].*",
            "responseTemplates": {"application/problem+json": '{"detail":$input.json("$.errorMessage")}'},
        },
    ]
    api.method("GET", "/names/{name}", integration, responses)
    api.deploy()
    answer = api.request("GET", "/names/ada")
    assert (answer.status, answer.body) == (200, {"name": "ada", "fail": "", "stage": "v1"})
    failed = api.request("GET", "/names/ada", query={"fail": "ada"})
    assert (failed.status, failed.body) == (404, {"detail": "[NotFound] no ada"})
    assert failed.headers["content-type"] == "application/problem+json"


def test_an_error_that_no_pattern_selects_takes_the_default_response(cloud: Cloud) -> None:
    function = cloud.function(FUNCTION)
    api = RestApi(cloud)
    api.permit(function)
    api.method("POST", "/", {"type": "AWS", "uri": function_uri(function.arn)})
    only_errors = [{"statusCode": "404", "selectionPattern": "nothing"}]
    api.method("POST", "/none", {"type": "AWS", "uri": function_uri(function.arn)}, only_errors)
    api.deploy()
    answer = api.request("POST", "/", {"fail": "it"})
    assert (answer.status, answer.body["errorMessage"]) == (200, "[NotFound] no it")
    unmapped = api.request("POST", "/none", {})
    assert (unmapped.status, unmapped.body) == (500, {"message": "Internal server error"})


def test_a_mock_answers_the_status_of_its_template(cloud: Cloud) -> None:
    api = RestApi(cloud)
    template = "{#if($input.params('fail') == 'yes')\"statusCode\": 503#{else}\"statusCode\": 204#end}"
    headers = {"method.response.header.Access-Control-Allow-Origin": "'https://shop.example'"}
    responses = [
        {"statusCode": "204", "responseParameters": headers},
        {"statusCode": "503", "selectionPattern": "5..", "responseTemplates": {"text/plain": "come back"}},
    ]
    api.method("OPTIONS", "/", {"type": "MOCK", "requestTemplates": {"application/json": template}}, responses)
    api.deploy()
    answer = api.request("OPTIONS", "/")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "https://shop.example")
    failed = api.request("OPTIONS", "/", query={"fail": "yes"})
    assert (failed.status, failed.body, failed.headers["content-type"]) == (503, "come back", "text/plain")


def test_a_template_that_fails_tells_nothing(cloud: Cloud) -> None:
    api = RestApi(cloud)
    api.method("GET", "/", {"type": "MOCK", "requestTemplates": {"application/json": "#if($secret"}})
    api.deploy()
    answer = api.request("GET", "/")
    assert (answer.status, answer.body) == (500, {"message": "Internal server error"})


def test_a_failure_of_the_gateway_tells_nothing(cloud: Cloud) -> None:
    api = RestApi(cloud)
    mock = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    api.method("GET", "/", mock, [{"statusCode": "200", "selectionPattern": "["}])
    api.gateway.put_gateway_response(
        restApiId=api.id, responseType="DEFAULT_5XX", responseTemplates={"application/json": '{"type":"internal"}'}
    )
    api.deploy()
    answer = api.request("GET", "/")
    assert (answer.status, answer.body) == (500, {"type": "internal"})


@pytest.mark.parametrize("variable", ["function", "arn"])
def test_a_stage_variable_names_the_function(cloud: Cloud, variable: str) -> None:
    function = cloud.function("def handler(e, c): return {'statusCode': 200, 'body': c.invoked_function_arn}")
    cloud.aws("lambda").create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    api = RestApi(cloud)
    prefix = function.arn.removesuffix(function.name)
    named = {"function": prefix + "${stageVariables.function}:live", "arn": "${stageVariables.arn}"}[variable]
    api.permit(function, "live")
    api.method("GET", "/", {"type": "AWS_PROXY", "uri": function_uri(named)})
    api.deploy(variables={"function": function.name, "arn": f"{function.arn}:live"})
    assert api.request("GET", "/").body == f"{function.arn}:live"
    api.patch_stage({f"/variables/{variable}": "absent"})
    answer = api.request("GET", "/")
    assert (answer.status, answer.body) == (500, {"message": "Internal server error"})


def test_a_function_can_be_started_without_waiting(cloud: Cloud) -> None:
    function = cloud.function("import time\ndef handler(e, c): time.sleep(e['seconds']); print('slept', e['seconds'])")
    api = RestApi(cloud)
    api.permit(function)
    integration = {
        "type": "AWS",
        "uri": function_uri(function.arn),
        "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
        "timeoutInMillis": 500,
    }
    api.method("POST", "/", integration, [{"statusCode": "202"}])
    api.deploy()
    assert api.request("POST", "/", {"seconds": 1}).status == 202
    eventually(lambda: any("slept 1" in line for lines in function.logs().values() for line in lines))
