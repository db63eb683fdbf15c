"""Aliases: the caller's qualifier, weights, reserved concurrency shared by all versions."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, Function, archive

CODE = """
import os, time
def handler(event, context):
    time.sleep((event or {}).get("sleep", 0))
    return [context.invoked_function_arn, context.function_version]
"""


@pytest.fixture(scope="module")
def aliased(cloud: Cloud) -> Function:
    """A function with the versions 1 and 2 and the alias live on 1."""
    function = cloud.function(CODE)
    api = cloud.aws("lambda")
    api.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    api.update_function_code(FunctionName=function.name, ZipFile=archive({"app.py": CODE + "# 2"}), Publish=True)
    return function


def test_the_context_keeps_the_callers_qualifier(aliased: Function) -> None:
    assert aliased.invoke().value == [aliased.arn, "$LATEST"]
    through_alias = aliased.invoke(qualifier="live")
    assert through_alias.value == [f"{aliased.arn}:live", "1"]
    assert through_alias.version == "1"
    assert aliased.invoke(qualifier="2").value == [f"{aliased.arn}:2", "2"]


def test_an_unknown_qualifier_is_not_found(aliased: Function) -> None:
    with pytest.raises(ClientError, match=r"Function not found: .*:nothing"):
        aliased.invoke(qualifier="nothing")


def test_weights_choose_the_version_and_executed_version_says_which(aliased: Function, cloud: Cloud) -> None:
    api = cloud.aws("lambda")
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    api.update_alias(FunctionName=aliased.name, Name="live", RoutingConfig=weights)
    answers = [aliased.invoke(qualifier="live") for _ in range(100)]
    api.update_alias(FunctionName=aliased.name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert all(answer.version == answer.value[1] for answer in answers)
    # 100 draws at one half: outside 20..80 once in 10^9 runs.
    assert 20 <= Counter(answer.version for answer in answers)["2"] <= 80


def test_reserved_concurrency_holds_for_an_alias(aliased: Function, cloud: Cloud) -> None:
    api = cloud.aws("lambda")
    api.put_function_concurrency(FunctionName=aliased.name, ReservedConcurrentExecutions=1)

    def invoke(_: int) -> str:
        try:
            aliased.invoke({"sleep": 1}, qualifier="live")
        except ClientError as error:
            return f"{error.response['ResponseMetadata']['HTTPStatusCode']} {error.response['Error']['Code']}"
        return "served"

    with ThreadPoolExecutor(3) as pool:
        outcomes = Counter(pool.map(invoke, range(3)))
    api.delete_function_concurrency(FunctionName=aliased.name)
    assert outcomes == {"served": 1, "429 TooManyRequestsException": 2}
