"""The alias of a deployment, read and moved through Lambda's API with the rights of the group's service role."""

from __future__ import annotations

import json
from typing import Any

from scripts.local import engine, roles
from scripts.local.codedeploy.appspec import AppSpec
from scripts.local.codedeploy.errors import DeploymentFailedError
from scripts.local.functions import aliases
from scripts.local.settings import ACCOUNT_ID, REGION

SECONDS = 30


def require(role_arn: str, action: str, resource_arn: str) -> None:
    """Raise DeploymentFailedError (IAM_ROLE_PERMISSIONS) unless the service role allows an action."""
    if not roles.allows(role_arn, action, resource_arn):
        raise DeploymentFailedError(
            "IAM_ROLE_PERMISSIONS",
            f"The IAM role {role_arn} does not give you permission to perform operations in the following AWS service: "
            f"{action.partition(':')[0]}. It needs {action} on {resource_arn}.",
        )


def function_arn(function: str) -> str:
    """The unqualified ARN of a function given by name or ARN, with or without a qualifier."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{aliases.split_reference(function)[0]}"


def check(appspec: AppSpec, role_arn: str) -> None:
    """Before anything moves: the alias is there, on the current version alone, and the target version exists."""
    require(role_arn, "lambda:GetAlias", function_arn(appspec.function))
    status, alias = _call("GET", _path(appspec))
    if status != 200:
        raise DeploymentFailedError(
            "INVALID_LAMBDA_FUNCTION",
            f"The Lambda function {appspec.function} or its alias {appspec.alias} could not be found.",
        )
    if alias["FunctionVersion"] != appspec.current:
        raise _invalid("The Lambda function alias version does not match the current version in AppSpec file.")
    if (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
        raise _invalid("The Lambda function alias already shifts traffic between two versions.")
    function = engine.service("lambda_svc")._functions[appspec.function]
    if appspec.target not in function["versions"]:
        raise _invalid(f"The target version {appspec.target} of the Lambda function does not exist.")


def _invalid(reason: str) -> DeploymentFailedError:
    return DeploymentFailedError(
        "INVALID_LAMBDA_CONFIGURATION",
        "The deployment failed because the AppSpec file that specifies the AWS Lambda deployment configuration is "
        f"missing or has an invalid configuration. {reason}",
    )


def move(appspec: AppSpec, percent: int, role_arn: str) -> None:
    """Send `percent` of the alias's traffic to the target version; at 100 it becomes the alias's only version."""
    require(role_arn, "lambda:UpdateAlias", function_arn(appspec.function))
    weights = {} if percent == 100 else {appspec.target: percent / 100}
    version = appspec.target if percent == 100 else appspec.current
    body = {"FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": weights}}
    status, answer = _call("PUT", _path(appspec), body)
    if status != 200:
        raise _invalid(f"The alias could not be updated: {answer}")


def start(function: str, role_arn: str, payload: dict[str, str]) -> None:
    """Invoke a hook asynchronously, as CodeDeploy does: it reports by itself when it is done."""
    require(role_arn, "lambda:InvokeFunction", function_arn(function))
    name, qualifier = aliases.split_reference(function)
    headers = {"x-amz-invocation-type": "Event", "content-type": "application/json", "host": "127.0.0.1"}
    query = {"Qualifier": [qualifier]} if qualifier else {}
    status, answer = _request("POST", f"/2015-03-31/functions/{name}/invocations", payload, headers, query)
    if status != 202:
        raise DeploymentFailedError("HOOK_EXECUTION_FAILURE", f"The hook {function} could not be invoked: {answer}")


def active_alarms(configuration: dict[str, Any], role_arn: str) -> list[str]:
    """The names of a group's alarms that are in ALARM; raises DeploymentFailedError when one cannot be read."""
    if not configuration.get("enabled"):
        return []
    cloudwatch = engine.service("cloudwatch")
    names = [one["name"] for one in configuration.get("alarms") or []]
    readable = roles.allows(role_arn, "cloudwatch:DescribeAlarms", "*")
    found = {name: cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name) for name in names if readable}
    missing = [name for name in names if not found.get(name)]
    if missing and not configuration.get("ignorePollAlarmFailure"):
        raise DeploymentFailedError(
            "ALARM_ACTIVE",
            f"The deployment was stopped because these CloudWatch alarms could not be read: {', '.join(missing)}",
        )
    return [name for name in names if (found.get(name) or {}).get("StateValue") == "ALARM"]


def _path(appspec: AppSpec) -> str:
    return f"/2015-03-31/functions/{appspec.function}/aliases/{appspec.alias}"


def _call(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    return _request(method, path, body, {"content-type": "application/json", "host": "127.0.0.1"}, {})


def _request(
    method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str], query: dict[str, list[str]]
) -> tuple[int, Any]:
    """Lambda's API inside the process, past IAM (the role is checked above); (status, parsed body)."""
    app = engine.app()
    content = b"" if body is None else json.dumps(body).encode()
    handler = app.SERVICE_HANDLERS["lambda"]
    status, _, answer = app.call_service_handler_sync(handler, method, path, headers, content, query, SECONDS)
    return int(status), json.loads(answer) if answer else None
