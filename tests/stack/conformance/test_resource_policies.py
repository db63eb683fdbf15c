"""Who may invoke a function: topics, buckets and authorizers need a permission on the very alias that they name."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.api import Api
from tests.stack.conformance.cloud import Cloud, Function, unique
from tests.waiting import eventually

CODE = """
import json
def handler(event, context):
    print("CALL " + json.dumps([context.invoked_function_arn, event]))
"""
AUTHORIZER = """
def handler(event, context):
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {"principalId": "someone", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


@pytest.fixture
def function(cloud: Cloud) -> Function:
    made = cloud.function(CODE)
    cloud.aws("lambda").create_alias(FunctionName=made.name, Name="live", FunctionVersion="1")
    return made


def permit(function: Function, service: str, source_arn: str, **qualifier: str) -> None:
    function.cloud.aws("lambda").add_permission(
        FunctionName=function.name,
        StatementId=unique("permission"),
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
        SourceArn=source_arn,
        **qualifier,
    )


def calls(function: Function) -> list[Any]:
    lines = [line for lines in function.logs().values() for line in lines if line.startswith("CALL ")]
    return [json.loads(line[5:]) for line in lines]


def test_a_topic_reaches_the_alias_that_permits_it(cloud: Cloud, function: Function) -> None:
    sns = cloud.aws("sns")
    topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{function.arn}:live")
    sns.publish(TopicArn=topic, Message="nobody may")
    permit(function, "sns", topic)
    sns.publish(TopicArn=topic, Message="the function may, the alias not")
    permit(function, "sns", f"{topic}-of-another-name", Qualifier="live")
    sns.publish(TopicArn=topic, Message="another topic may")
    permit(function, "sns", topic, Qualifier="live")
    sns.publish(TopicArn=topic, Message="this topic may")
    [[arn, event]] = eventually(lambda: calls(function))
    assert arn == f"{function.arn}:live"
    [record] = event["Records"]
    assert (record["EventSource"], record["Sns"]["Message"]) == ("aws:sns", "this topic may")


def test_a_bucket_reaches_the_function_that_permits_it(cloud: Cloud, function: Function) -> None:
    s3, bucket = cloud.aws("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    target = {"LambdaFunctionArn": f"{function.arn}:live", "Events": ["s3:ObjectCreated:*"]}
    settings = {"Bucket": bucket, "NotificationConfiguration": {"LambdaFunctionConfigurations": [target]}}
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(**settings)
    s3.put_bucket_notification_configuration(**settings, SkipDestinationValidation=True)
    s3.put_object(Bucket=bucket, Key="early", Body=b"1")
    permit(function, "s3", f"arn:aws:s3:::{bucket}", Qualifier="live")
    s3.put_bucket_notification_configuration(**settings)
    s3.put_object(Bucket=bucket, Key="late", Body=b"2")
    [[arn, event]] = eventually(lambda: calls(function))
    assert arn == f"{function.arn}:live"
    assert event["Records"][0]["s3"]["object"]["key"] == "late"


def test_an_authorizer_needs_a_permission_of_its_own(cloud: Cloud) -> None:
    gateway, authorizer = cloud.aws("apigateway"), cloud.function(AUTHORIZER)
    api = Api(cloud, cloud.function("def handler(event, context): return {'statusCode': 200, 'body': '{}'}"))
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{authorizer.arn}/invocations"
    made = gateway.create_authorizer(
        restApiId=api.id,
        name="tokens",
        type="TOKEN",
        authorizerUri=uri,
        identitySource="method.request.header.Authorization",
        authorizerResultTtlInSeconds=0,
    )["id"]
    [resource] = [found for found in gateway.get_resources(restApiId=api.id)["items"] if found["path"] == "/open"]
    gateway.update_method(
        restApiId=api.id,
        resourceId=resource["id"],
        httpMethod="ANY",
        patchOperations=[
            {"op": "replace", "path": "/authorizationType", "value": "CUSTOM"},
            {"op": "replace", "path": "/authorizerId", "value": made},
        ],
    )
    deployment = gateway.create_deployment(restApiId=api.id)["id"]
    gateway.update_stage(
        restApiId=api.id,
        stageName="v1",
        patchOperations=[{"op": "replace", "path": "/deploymentId", "value": deployment}],
    )
    assert api.request("GET", "/open", headers={"Authorization": "me"}).status == 500
    permit(authorizer, "apigateway", f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api.id}/authorizers/{made}")
    assert api.request("GET", "/open", headers={"Authorization": "me"}).status == 200
