"""Integrations with functions without proxy, and mocks: templates, selection patterns, passthrough, stage variables."""

import pytest

from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.rest_api import RestApi, function_uri, role
from tests.waiting import eventually

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


@pytest.mark.parametrize(("action", "status"), [("lambda:InvokeFunction", 200), ("lambda:GetFunction", 500)])
def test_the_role_of_an_integration_needs_the_right_to_invoke(cloud: Cloud, action: str, status: int) -> None:
    function = cloud.function("def handler(e, c): return {'statusCode': 200, 'body': '{}'}")
    api = RestApi(cloud)
    integration = {"uri": function_uri(function.arn), "credentials": role(cloud, [action], [function.arn])}
    api.method("GET", "/proxy", {"type": "AWS_PROXY", **integration})
    api.method("GET", "/plain", {"type": "AWS", **integration})
    api.deploy()
    assert (api.request("GET", "/proxy").status, api.request("GET", "/plain").status) == (status, status)
    assert bool(function.logs()) is (status == 200)


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
