"""Deployments of REST APIs are snapshots."""

import json

from scripts.local import launcher
from scripts.local.settings import Settings
from tests.ports import free_port
from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.rest_api import RestApi

MOCK = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


def says(text: str) -> list[dict[str, object]]:
    return [{"statusCode": "200", "responseTemplates": {"application/json": json.dumps(text)}}]


def test_a_stage_serves_what_was_deployed_to_it(cloud: Cloud) -> None:
    api = RestApi(cloud)
    api.method("GET", "/", MOCK, says("first"))
    first = api.deploy()
    api.method("GET", "/later", MOCK, says("later"))
    place = {"restApiId": api.id, "resourceId": api.resource("/"), "httpMethod": "GET", "statusCode": "200"}
    api.gateway.put_integration_response(**place, responseTemplates={"application/json": '"second"'})
    assert api.request("GET", "/").body == "first"
    assert api.request("GET", "/later").status == 403
    api.deploy()
    assert api.request("GET", "/").body == "second"
    assert api.request("GET", "/later").body == "later"
    api.patch_stage({"/deploymentId": first})
    assert api.request("GET", "/").body == "first"
    assert api.request("GET", "/later").status == 403


def test_methods_keep_their_keys_validators_and_models_until_the_next_deployment(cloud: Cloud) -> None:
    api = RestApi(cloud)
    schema = json.dumps({"type": "object", "required": ["a"]})
    api.gateway.create_model(restApiId=api.id, name="Body", contentType="application/json", schema=schema)
    validator = api.gateway.create_request_validator(restApiId=api.id, name="body", validateRequestBody=True)["id"]
    models = {"requestValidatorId": validator, "requestModels": {"application/json": "Body"}}
    api.method("POST", "/", MOCK, says("ok"), **models)
    api.deploy()
    place = {"restApiId": api.id, "resourceId": api.resource("/"), "httpMethod": "POST"}
    api.gateway.update_method(**place, patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "true"}])
    looser = [{"op": "replace", "path": "/schema", "value": '{"type": "object"}'}]
    api.gateway.update_model(restApiId=api.id, modelName="Body", patchOperations=looser)
    assert api.request("POST", "/", {}).status == 400
    assert api.request("POST", "/", {"a": 1}).status == 200
    api.deploy()
    assert api.request("POST", "/", {}).status == 403


def test_a_changed_resource_policy_needs_a_deployment(cloud: Cloud) -> None:
    api = RestApi(cloud)
    api.method("GET", "/", MOCK, says("ok"))
    api.deploy()
    statement = {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    operations = [{"op": "replace", "path": "/policy", "value": policy}]
    api.gateway.update_rest_api(restApiId=api.id, patchOperations=operations)
    assert api.request("GET", "/").status == 200
    api.deploy()
    assert api.request("GET", "/").status == 403


def test_deployments_outlive_the_local_cloud(settings: Settings) -> None:
    other = Settings(settings.home.parent / "deployments", free_port())
    cloud = Cloud(other.endpoint)
    launcher.up(other)
    try:
        api = RestApi(cloud)
        api.method("GET", "/", MOCK, says("deployed"))
        api.deploy()
        place = {"restApiId": api.id, "resourceId": api.resource("/"), "httpMethod": "GET", "statusCode": "200"}
        api.gateway.put_integration_response(**place, responseTemplates={"application/json": '"changed"'})
        launcher.down(other)
        launcher.up(other)
        assert api.request("GET", "/").body == "deployed"
    finally:
        launcher.down(other)
