"""A REST API of any shape for the conformance tests: methods with their integrations, a stage, a client."""

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.api import Answer
from tests.stack.conformance.cloud import Cloud, Function, unique


def service_uri(service: str, target: str) -> str:
    """The URI of an integration with a service, such as ("dynamodb", "action/PutItem")."""
    return f"arn:aws:apigateway:{REGION}:{service}:{target}"


def function_uri(function: str) -> str:
    return service_uri("lambda", f"path/2015-03-31/functions/{function}/invocations")


def role(cloud: Cloud, actions: list[str], resources: list[str], principal: str = "apigateway.amazonaws.com") -> str:
    """The ARN of a role that API Gateway may assume."""
    name, iam = unique("gateway-role"), cloud.aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy)
    return f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"


@dataclass
class RestApi:
    """Made empty; `method` adds to it, `deploy` serves it on the stage "v1"."""

    cloud: Cloud
    name: str = field(default_factory=lambda: unique("rest"))
    id: str = ""
    resources: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gateway = self.cloud.aws("apigateway")
        self.id = self.gateway.create_rest_api(name=self.name)["id"]
        self.resources["/"] = self.gateway.get_resources(restApiId=self.id)["items"][0]["id"]

    def resource(self, path: str) -> str:
        if path not in self.resources:
            parent, _, part = path.rpartition("/")
            made = self.gateway.create_resource(restApiId=self.id, parentId=self.resource(parent or "/"), pathPart=part)
            self.resources[path] = made["id"]
        return self.resources[path]

    def method(
        self,
        verb: str,
        path: str,
        integration: dict[str, Any],
        responses: list[dict[str, Any]] | None = None,
        **settings: Any,
    ) -> None:
        """Add a method; `responses` are its integration responses, by default one 200 without templates."""
        place = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        self.gateway.put_method(**place, **{"authorizationType": "NONE", **settings})
        self.gateway.put_integration(**place, **{"integrationHttpMethod": "POST", **integration})
        for response in responses or [{"statusCode": "200"}]:
            names = dict.fromkeys(response.get("responseParameters", {}), False)
            self.gateway.put_method_response(**place, statusCode=response["statusCode"], responseParameters=names)
            self.gateway.put_integration_response(**place, **response)

    def proxy(self, verb: str, path: str, function: Function, **integration: Any) -> None:
        """Add a method with a Lambda proxy integration that the function permits."""
        self.permit(function)
        self.method(verb, path, {"type": "AWS_PROXY", "uri": function_uri(function.arn), **integration})

    def permit(self, function: Function, qualifier: str | None = None) -> None:
        self.cloud.aws("lambda").add_permission(
            FunctionName=function.name,
            StatementId=unique("gateway"),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{self.id}/*/*/*",
            **({"Qualifier": qualifier} if qualifier else {}),
        )

    def deploy(self, **stage: Any) -> str:
        """A new deployment on the stage, which is made with these settings the first time."""
        deployment = str(self.gateway.create_deployment(restApiId=self.id)["id"])
        if self.gateway.get_stages(restApiId=self.id)["item"]:
            self.patch_stage({"/deploymentId": deployment})
        else:
            self.gateway.create_stage(restApiId=self.id, stageName="v1", deploymentId=deployment, **stage)
        return deployment

    def patch_stage(self, values: dict[str, str]) -> None:
        operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
        self.gateway.update_stage(restApiId=self.id, stageName="v1", patchOperations=operations)

    @property
    def stage_arn(self) -> str:
        return f"arn:aws:apigateway:{REGION}::/restapis/{self.id}/stages/v1"

    def request(
        self,
        verb: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        signed: Credentials | None = None,
    ) -> Answer:
        """Call the stage; `body` is sent as JSON unless it is text. The answer's body is JSON where it is."""
        content = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        url = f"{self.cloud.endpoint}/restapis/{self.id}/v1/_user_request_{path}"
        prepared = AWSRequest(verb, url + (f"?{urlencode(query)}" if query else ""), headers or {}, content.encode())
        if signed:
            SigV4Auth(signed, "execute-api", REGION).add_auth(prepared)
        connection = http.client.HTTPConnection(self.cloud.endpoint.removeprefix("http://"), timeout=60)
        target = str(prepared.url).removeprefix(self.cloud.endpoint)
        connection.request(verb, target, content.encode(), dict(prepared.headers.items()))
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, _parsed(text))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
