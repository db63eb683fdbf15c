"""Rotation: four steps of the secret's function, the labels it moves, what is refused, how it is canceled."""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, Function, unique
from tests.waiting import eventually

# What AWS's rotation templates do, over the engine's JSON API: the bare runtime has no SDK.
ROTATE = """
import json, os, time, urllib.request

def call(action, **body):
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"], json.dumps(body).encode(),
        {"X-Amz-Target": "secretsmanager." + action, "Content-Type": "application/x-amz-json-1.1",
         "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/secretsmanager/aws4_request, "
                          "SignedHeaders=host, Signature=0"})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())

def handler(event, context):
    print("STEP", event["Step"])
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    while step == os.environ.get("WAITS_AT") and call("DescribeSecret", SecretId=secret)["Description"] != "go on":
        time.sleep(0.05)
    if step == os.environ.get("FAILS_AT"):
        raise ValueError("the database does not answer")
    versions = call("DescribeSecret", SecretId=secret)["VersionIdsToStages"]
    assert "AWSPENDING" in versions[token]
    if step == "createSecret":
        call("PutSecretValue", SecretId=secret, ClientRequestToken=token, SecretString="new",
             VersionStages=["AWSPENDING"])
    if step == "finishSecret":
        current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
        call("UpdateSecretVersionStage", SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token,
             RemoveFromVersionId=current)
"""


@dataclass(frozen=True)
class Rotated:
    """A secret with its rotation function."""

    cloud: Cloud
    arn: str
    function: Function

    def value(self, stage: str = "AWSCURRENT") -> str:
        return str(self.manager.get_secret_value(SecretId=self.arn, VersionStage=stage)["SecretString"])

    @property
    def manager(self) -> Any:
        return self.cloud.aws("secretsmanager")

    def rotate(self, **more: Any) -> str:
        answer = self.manager.rotate_secret(SecretId=self.arn, RotationLambdaARN=self.function.arn, **more)
        return str(answer["VersionId"])

    def steps(self) -> list[str]:
        lines = [line for stream in self.function.logs().values() for line in stream]
        return [line.split()[1] for line in lines if line.startswith("STEP")]

    def describe(self) -> Any:
        return self.manager.describe_secret(SecretId=self.arn)


def rotated(cloud: Cloud, *, permit: bool = True, fails_at: str = "", waits_at: str = "") -> Rotated:
    """At the step `waits_at` the function waits until the secret's description is "go on"."""
    function = cloud.function(ROTATE, Environment={"Variables": {"FAILS_AT": fails_at, "WAITS_AT": waits_at}})
    if permit:
        cloud.aws("lambda").add_permission(
            FunctionName=function.name,
            StatementId="rotation",
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
        )
    made = cloud.aws("secretsmanager").create_secret(Name=unique("secret"), SecretString="old", Description="new")
    return Rotated(cloud, made["ARN"], function)


def test_the_function_is_called_with_the_four_steps_and_moves_the_label(cloud: Cloud) -> None:
    secret = rotated(cloud)
    token = secret.rotate(RotationRules={"AutomaticallyAfterDays": 30})
    eventually(lambda: "LastRotatedDate" in secret.describe())
    about = secret.describe()
    assert secret.steps() == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert (secret.value(), secret.value("AWSPREVIOUS")) == ("new", "old")
    assert "AWSCURRENT" in about["VersionIdsToStages"][token]
    assert about["RotationEnabled"] is True
    assert about["RotationRules"] == {"AutomaticallyAfterDays": 30}


def test_a_failed_step_leaves_the_current_value_and_is_tried_again(cloud: Cloud) -> None:
    secret = rotated(cloud, fails_at="setSecret")
    token = secret.rotate()
    eventually(lambda: secret.steps() == ["createSecret", "setSecret"])
    assert (secret.value(), secret.value("AWSPENDING")) == ("old", "new")
    with pytest.raises(ClientError, match="previous rotation isn't complete"):
        secret.rotate()
    secret.cloud.aws("lambda").update_function_configuration(
        FunctionName=secret.function.name, Environment={"Variables": {}}
    )

    def finished() -> bool:
        with suppress(ClientError):
            secret.rotate()
        return secret.value() == "new"

    eventually(finished)
    # Lambda tries the step again by itself, too: the rotation may have ended before ours was asked for.
    assert {"AWSCURRENT", "AWSPREVIOUS"} & set(secret.describe()["VersionIdsToStages"][token])


def test_a_rotation_that_is_asked_for_while_one_fails_follows_it(cloud: Cloud) -> None:
    secret = rotated(cloud, fails_at="setSecret", waits_at="setSecret")
    secret.rotate()
    with pytest.raises(ClientError, match="previous rotation isn't complete"):
        secret.rotate()
    secret.manager.update_secret(SecretId=secret.arn, Description="go on")
    eventually(lambda: secret.steps().count("createSecret") == 2)


@pytest.mark.parametrize("fails_at", ["", "testSecret"])
def test_without_immediately_only_the_test_step_runs(cloud: Cloud, fails_at: str) -> None:
    secret = rotated(cloud, fails_at=fails_at)
    secret.rotate(RotateImmediately=False)
    eventually(lambda: secret.steps() == ["testSecret"])
    eventually(lambda: "AWSPENDING" not in str(secret.describe()["VersionIdsToStages"]))
    assert secret.value() == "old"


def test_a_pending_version_has_no_value_until_the_function_gives_it_one(cloud: Cloud) -> None:
    secret = rotated(cloud, fails_at="createSecret")
    token = secret.rotate()
    with pytest.raises(ClientError) as error:
        secret.manager.get_secret_value(SecretId=secret.arn, VersionId=token, VersionStage="AWSPENDING")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_what_cannot_be_rotated_is_refused(cloud: Cloud) -> None:
    secret = rotated(cloud, permit=False)
    with pytest.raises(ClientError) as error:
        secret.rotate()
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError, match="No Lambda rotation function"):
        secret.manager.rotate_secret(SecretId=secret.arn)


def test_canceling_ends_rotation_and_leaves_the_labels(cloud: Cloud) -> None:
    secret = rotated(cloud, fails_at="testSecret")
    token = secret.rotate()
    eventually(lambda: secret.steps()[-1:] == ["testSecret"])
    answer = secret.manager.cancel_rotate_secret(SecretId=secret.arn)
    assert (answer["ARN"], answer["VersionId"]) == (secret.arn, token)
    about = secret.describe()
    assert about["RotationEnabled"] is False
    assert about["VersionIdsToStages"][token] == ["AWSPENDING"]
    assert json.dumps(about["VersionIdsToStages"]).count("AWSCURRENT") == 1
