"""A REST API made step by step as Terraform makes it, and a plain HTTP client for it."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, Function, unique

SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["currency", "lines"],
    "properties": {
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "lines": {
            "type": "array",
            "maxItems": 2,
            "items": {"type": "object", "properties": {"quantity": {"type": "integer", "minimum": 1}}},
        },
    },
    "additionalProperties": False,
}
TEMPLATE = (
    '{"type":"$context.error.responseType","detail":$context.error.messageString,'
    '"errors":"$context.error.validationErrorString","request_id":"$context.requestId"}'
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


class Api:
    """POST /things/{thing_id} (key, body, header Required) and GET /open on one function, stage "v1"."""

    def __init__(self, cloud: Cloud, function: Function, *, permit: bool = True, timeout_ms: int = 29000) -> None:
        self._cloud = cloud
        self._gateway = cloud.aws("apigateway")
        self.function = function
        self.id = self._gateway.create_rest_api(name=unique("api"))["id"]
        self._uri = (
            f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function.arn}/invocations",
            timeout_ms,
        )
        root = self._gateway.get_resources(restApiId=self.id)["items"][0]["id"]
        things = self._resource(self._resource(root, "things"), "{thing_id}")
        self._gateway.create_model(
            restApiId=self.id, name="Thing", contentType="application/json", schema=json.dumps(SCHEMA)
        )
        validator = self._gateway.create_request_validator(
            restApiId=self.id, name="all", validateRequestBody=True, validateRequestParameters=True
        )["id"]
        self._method(
            things,
            "POST",
            apiKeyRequired=True,
            requestValidatorId=validator,
            requestModels={"application/json": "Thing"},
            requestParameters={"method.request.header.Required": True},
        )
        self._method(self._resource(root, "open"), "ANY")
        for kind in ("DEFAULT_4XX", "DEFAULT_5XX", "BAD_REQUEST_BODY"):
            self._gateway.put_gateway_response(
                restApiId=self.id,
                responseType=kind,
                responseTemplates={"application/json": TEMPLATE},
                responseParameters={"gatewayresponse.header.Content-Type": "'application/problem+json'"},
            )
        deployment = self._gateway.create_deployment(restApiId=self.id)["id"]
        self.log_group = f"/access/{self.id}"
        cloud.aws("logs").create_log_group(logGroupName=self.log_group)
        self._gateway.create_stage(restApiId=self.id, stageName="v1", deploymentId=deployment)
        self._set_access_log(
            '{"id":"$context.requestId","status":$context.status,"key":"$context.identity.apiKeyId",'
            '"path":"$context.resourcePath","error":"$context.error.validationErrorString",'
            '"latency":$context.responseLatency,"missing":"$context.authorizer.principalId"}'
        )
        if permit:
            cloud.aws("lambda").add_permission(
                FunctionName=function.name,
                StatementId="gateway",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{self.id}/*/*/*",
            )
        self.key = self._api_key()

    def _resource(self, parent: str, part: str) -> str:
        made = self._gateway.create_resource(restApiId=self.id, parentId=parent, pathPart=part)
        return str(made["id"])

    def _method(self, resource: str, method: str, **settings: Any) -> None:
        place = {"restApiId": self.id, "resourceId": resource, "httpMethod": method}
        self._gateway.put_method(**place, authorizationType="NONE", **settings)
        self._gateway.put_integration(
            **place, type="AWS_PROXY", integrationHttpMethod="POST", uri=self._uri[0], timeoutInMillis=self._uri[1]
        )

    def _set_access_log(self, form: str) -> None:
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{self.log_group}"
        self._gateway.update_stage(
            restApiId=self.id,
            stageName="v1",
            patchOperations=[
                {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": arn},
                {"op": "replace", "path": "/accessLogSettings/format", "value": form},
            ],
        )

    def _api_key(self) -> dict[str, str]:
        key = self._gateway.create_api_key(name=unique("key"), enabled=True, value="")
        plan = self._gateway.create_usage_plan(name=unique("plan"), apiStages=[{"apiId": self.id, "stage": "v1"}])["id"]
        self._gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        return {"id": key["id"], "value": key["value"]}

    def request(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        host = self._cloud.endpoint.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=60)
        connection.request(method, f"/restapis/{self.id}/v1/_user_request_{path}", body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, json.loads(content) if content else None)

    def post(self, body: object, *, raw: bytes | None = None, key: str | None = None) -> Answer:
        headers = {"x-api-key": key or self.key["value"], "Required": "yes", "Content-Type": "application/json"}
        return self.request("POST", "/things/7", json.dumps(body).encode() if raw is None else raw, headers)

    def access_log(self) -> list[dict[str, Any]]:
        events = self._cloud.aws("logs").filter_log_events(logGroupName=self.log_group)["events"]
        return [json.loads(event["message"]) for event in events]
