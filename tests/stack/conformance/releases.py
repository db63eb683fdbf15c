"""What the CodeDeploy tests release: a function with an alias, and a deployment group for it."""

import json
from dataclasses import dataclass
from typing import Any

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, Function, archive, unique
from tests.stack.conformance.service_roles import service_role
from tests.waiting import eventually

CODE = """
def handler(event, context):
    return context.function_version
"""
SERVICE_RIGHTS = ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:InvokeFunction", "cloudwatch:DescribeAlarms"]
STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
ALL_EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
LONG = "CodeDeployDefault.LambdaCanary10Percent30Minutes"
"""15 seconds on the tests' clock: a deployment that is still shifting when the test acts."""


@dataclass(frozen=True)
class Release:
    """A function with the versions 1 and 2, the alias live on 1, and a deployment group."""

    cloud: Cloud
    function: Function
    application: str
    group: str

    def start(self, hooks: dict[str, str] | None = None, *, current: str = "1", target: str = "2", **more: Any) -> str:
        """The ID of a new deployment of the alias live."""
        properties = {
            "Name": self.function.name,
            "Alias": "live",
            "CurrentVersion": current,
            "TargetVersion": target,
        }
        content = {
            "version": 0.0,
            "Resources": [{"it": {"Type": "AWS::Lambda::Function", "Properties": properties}}],
            "Hooks": [{event: name} for event, name in (hooks or {}).items()],
        }
        return self.start_with(json.dumps(content), **more)

    def start_with(self, appspec: str, **more: Any) -> str:
        made = self.cloud.aws("codedeploy").create_deployment(
            applicationName=self.application,
            deploymentGroupName=self.group,
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec}},
            **more,
        )
        return str(made["deploymentId"])

    def info(self, deployment: str) -> Any:
        return self.cloud.aws("codedeploy").get_deployment(deploymentId=deployment)["deploymentInfo"]

    def ended(self, deployment: str, status: str, seconds: float = 20) -> Any:
        """The deployment once it has ended, which it has with this status."""
        info = eventually(lambda: self._ended(deployment), seconds)
        assert info["status"] == status, info
        return info

    def _ended(self, deployment: str) -> Any:
        info = self.info(deployment)
        return info if info["status"] in ("Succeeded", "Failed", "Stopped") else None

    def target(self, deployment: str) -> Any:
        name = f"{self.function.name}:live"
        answer = self.cloud.aws("codedeploy").get_deployment_target(deploymentId=deployment, targetId=name)
        return answer["deploymentTarget"]["lambdaTarget"]

    def alias(self) -> tuple[str, dict[str, float]]:
        """(version, weights of the additional version)."""
        found = self.cloud.aws("lambda").get_alias(FunctionName=self.function.name, Name="live")
        return found["FunctionVersion"], (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}


def release(cloud: Cloud, config: str = LONG, code: str = CODE, role: str | None = None, **group: Any) -> Release:
    """A function, its alias and a group that rolls back on everything."""
    api, function = cloud.aws("lambda"), cloud.function(code)
    api.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    api.update_function_code(FunctionName=function.name, ZipFile=archive({"app.py": code + "# 2"}), Publish=True)
    application, name = unique("application"), unique("group")
    codedeploy = cloud.aws("codedeploy")
    codedeploy.create_application(applicationName=application, computePlatform="Lambda")
    settings = {"autoRollbackConfiguration": {"enabled": True, "events": ALL_EVENTS}, **group}
    codedeploy.create_deployment_group(
        applicationName=application,
        deploymentGroupName=name,
        deploymentConfigName=config,
        serviceRoleArn=role or service_role(cloud, "codedeploy", SERVICE_RIGHTS)[1],
        deploymentStyle=STYLE,
        **settings,
    )
    return Release(cloud, function, application, name)


def hook(cloud: Cloud, status: str | None) -> Function:
    """A hook function that reports a status by CodeDeploy's API, signed by itself, or reports nothing."""
    function = cloud.function(HOOK, files={"call.py": SIGNED_CALL}, Environment={"Variables": {"STATUS": status or ""}})
    rights = "codedeploy:PutLifecycleEventHookExecutionStatus"
    function.allow([rights], [f"arn:aws:codedeploy:{REGION}:{ACCOUNT_ID}:deploymentgroup:*"])
    return function


HOOK = """
import os
from call import codedeploy
def handler(event, context):
    print("HOOK", sorted(event))
    if os.environ["STATUS"]:
        codedeploy("PutLifecycleEventHookExecutionStatus", {
            "deploymentId": event["DeploymentId"],
            "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"],
            "status": os.environ["STATUS"],
        })
"""
SIGNED_CALL = '''
"""A call signed with Signature Version 4: the bare runtime of a test has no boto3."""
import datetime, hashlib, hmac, json, os, urllib.parse, urllib.request

def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()

def codedeploy(action, body):
    endpoint, region = os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_REGION"]
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    content = json.dumps(body)
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": urllib.parse.urlsplit(endpoint).netloc,
        "x-amz-date": now,
        "x-amz-security-token": os.environ["AWS_SESSION_TOKEN"],
        "x-amz-target": "CodeDeploy_20141006." + action,
    }
    names = ";".join(headers)
    request = "\\n".join(["POST", "/", "", *(f"{k}:{v}" for k, v in headers.items()), "", names,
                         hashlib.sha256(content.encode()).hexdigest()])
    scope = f"{now[:8]}/{region}/codedeploy/aws4_request"
    text = "\\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, text).hex()
    headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
                                f"SignedHeaders={names}, Signature={signature}")
    urllib.request.urlopen(urllib.request.Request(endpoint + "/", content.encode(), headers)).read()
'''
