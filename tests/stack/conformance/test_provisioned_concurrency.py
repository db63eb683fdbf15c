"""Provisioned concurrency: environments are ready before they are needed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, Function, archive
from tests.waiting import eventually

# INIT takes half a second, so that an environment which had to be started is seen in the REPORT line.
CODE = """
import os, time
time.sleep(float(os.environ.get("INIT", "0")))
def handler(event, context):
    time.sleep((event or {}).get("sleep", 0))
    return [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], os.getpid(), context.function_version]
"""


@pytest.fixture
def function(cloud: Cloud) -> Function:
    made = cloud.function(CODE, timeout=2, Environment={"Variables": {"INIT": "0.5"}})
    cloud.aws("lambda").create_alias(FunctionName=made.name, Name="live", FunctionVersion="1")
    return made


def provision(function: Function, qualifier: str, count: int) -> Any:
    return function.cloud.aws("lambda").put_provisioned_concurrency_config(
        FunctionName=function.name, Qualifier=qualifier, ProvisionedConcurrentExecutions=count
    )


def status(function: Function, qualifier: str = "live") -> Any:
    return function.cloud.aws("lambda").get_provisioned_concurrency_config(
        FunctionName=function.name, Qualifier=qualifier
    )


def test_environments_are_ready_before_the_first_invocation(function: Function) -> None:
    made = provision(function, "live", 2)
    assert (made["Status"], made["AvailableProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 0)
    ready = eventually(lambda: status(function)["Status"] == "READY" and status(function))
    assert ready["AvailableProvisionedConcurrentExecutions"] == 2
    assert ready["AllocatedProvisionedConcurrentExecutions"] == 2
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: function.invoke({"sleep": 0.8}, qualifier="live"), range(3)))
    assert sorted(answer.value[0] for answer in answers) == ["on-demand"] + ["provisioned-concurrency"] * 2
    assert len({answer.value[1] for answer in answers}) == 3
    for answer in answers:
        assert ("Init Duration" in answer.log) == (answer.value[0] == "on-demand")


def test_an_environment_that_dies_is_replaced_and_deleting_ends_them(cloud: Cloud, function: Function) -> None:
    provision(function, "1", 1)
    eventually(lambda: status(function, "1")["Status"] == "READY")
    before = function.invoke(qualifier="1").value
    assert before[0] == "provisioned-concurrency"
    assert function.invoke({"sleep": 60}, qualifier="1").error == "Unhandled"
    after = eventually(lambda: (found := function.invoke(qualifier="1").value)[0] != "on-demand" and found)
    assert after[1] != before[1]
    cloud.aws("lambda").delete_provisioned_concurrency_config(FunctionName=function.name, Qualifier="1")
    eventually(lambda: function.invoke(qualifier="1").value[0] == "on-demand")


def publish(function: Function, code: str) -> None:
    """Publish another version."""
    function.cloud.aws("lambda").update_function_code(
        FunctionName=function.name, ZipFile=archive({"app.py": code}), Publish=True
    )


def alias(function: Function) -> tuple[str, dict[str, float]]:
    """(version, weights) of the alias."""
    found = function.cloud.aws("lambda").get_alias(FunctionName=function.name, Name="live")
    return found["FunctionVersion"], (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}


def test_an_alias_with_weights_shares_them_out(cloud: Cloud, function: Function) -> None:
    publish(function, CODE + "# 2")
    provision(function, "live", 2)
    cloud.aws("lambda").update_alias(
        FunctionName=function.name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}}
    )
    expected = [("provisioned-concurrency", "1"), ("provisioned-concurrency", "2")]

    def shared_out() -> bool:
        answers = [function.invoke(qualifier=version).value for version in ("1", "2")]
        return [(answer[0], answer[2]) for answer in answers] == expected

    eventually(shared_out)
    with pytest.raises(ClientError, match="Alias with weights can not be used with Provisioned Concurrency"):
        provision(function, "live", 1)


def test_an_alias_that_moves_keeps_its_traffic_until_the_next_version_is_warm(cloud: Cloud, function: Function) -> None:
    publish(function, CODE + "# 2")
    provision(function, "live", 1)
    eventually(lambda: status(function)["Status"] == "READY")
    moved = cloud.aws("lambda").update_alias(FunctionName=function.name, Name="live", FunctionVersion="2")
    assert moved["FunctionVersion"] == "2"
    assert moved["RoutingConfig"]["AdditionalVersionWeights"] == {"1": 1.0}
    assert status(function)["Status"] == "IN_PROGRESS"
    eventually(lambda: alias(function) == ("2", {}))
    assert function.invoke(qualifier="live").value[::2] == ["provisioned-concurrency", "2"]
    assert eventually(lambda: status(function)["Status"] == "READY")


def test_an_alias_stays_at_the_version_before_one_that_cannot_start(cloud: Cloud, function: Function) -> None:
    publish(function, "raise RuntimeError('no')")
    provision(function, "live", 1)
    eventually(lambda: status(function)["Status"] == "READY")
    cloud.aws("lambda").update_alias(FunctionName=function.name, Name="live", FunctionVersion="2")
    eventually(lambda: status(function)["Status"] == "FAILED")
    assert alias(function) == ("2", {"1": 1.0})
    assert function.invoke(qualifier="live").value[2] == "1"


def test_a_failing_init_is_told(cloud: Cloud) -> None:
    function = cloud.function("raise RuntimeError('no')")
    provision(function, "1", 1)
    failed = eventually(lambda: status(function, "1")["Status"] == "FAILED" and status(function, "1"))
    assert failed["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    assert failed["AvailableProvisionedConcurrentExecutions"] == 0


def test_only_versions_and_no_more_than_is_reserved(cloud: Cloud, function: Function) -> None:
    with pytest.raises(ClientError, match="cannot be applied to unpublished function versions"):
        provision(function, "$LATEST", 1)
    cloud.aws("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    with pytest.raises(ClientError, match="should not be greater than the reservedConcurrentExecution"):
        provision(function, "live", 2)
