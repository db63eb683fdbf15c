"""How deployment configurations shift traffic, and what an AppSpec says."""

import json
from typing import Any

import pytest

from scripts.local.codedeploy import appspec, configs
from scripts.local.codedeploy.appspec import AppSpec
from scripts.local.codedeploy.configs import Shift
from scripts.local.codedeploy.errors import CodeDeployError


def shifts_of(name: str) -> list[Shift]:
    return configs.shifts(configs.predefined()[f"CodeDeployDefault.{name}"]["trafficRoutingConfig"])


def test_all_at_once_is_one_shift() -> None:
    assert shifts_of("LambdaAllAtOnce") == [Shift(100, 0)]


@pytest.mark.parametrize("minutes", [5, 10, 15, 30])
def test_a_canary_waits_between_two_shifts(minutes: int) -> None:
    assert shifts_of(f"LambdaCanary10Percent{minutes}Minutes") == [Shift(10, 0), Shift(100, minutes)]


def test_linear_shifts_are_equal_and_end_at_all() -> None:
    assert shifts_of("LambdaLinear10PercentEvery2Minutes") == [Shift(10 * n, 2 * (n - 1)) for n in range(1, 11)]
    assert configs.shifts(configs.linear(40, 1)) == [Shift(40, 0), Shift(80, 1), Shift(100, 2)]


@pytest.mark.parametrize(
    "routing",
    [
        {"type": "Sideways"},
        {"type": "TimeBasedCanary"},
        configs.canary(0, 5),
        configs.canary(100, 5),
        configs.linear(10, 0),
        configs.linear(10, 2881),
    ],
)
def test_a_routing_outside_aws_s_limits_is_refused(routing: dict[str, Any]) -> None:
    with pytest.raises(CodeDeployError) as refused:
        configs.shifts(routing)
    assert refused.value.name == "InvalidTrafficRoutingConfigurationException"


def content(**changes: Any) -> str:
    properties = {"Name": "f", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties}
    return json.dumps({"version": 0.0, "Resources": [{"it": resource}], **changes})


def revision(text: str, **more: str) -> dict[str, Any]:
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": text, **more}}


def test_an_appspec_names_alias_versions_and_hooks() -> None:
    hooks = [{"BeforeAllowTraffic": "check"}, {"AfterAllowTraffic": "arn:aws:lambda:eu-west-1:0:function:after"}]
    assert appspec.parse(revision(content(Hooks=hooks))) == AppSpec(
        "f", "live", "1", "2", {one: function for hook in hooks for one, function in hook.items()}
    )


def test_an_appspec_survives_its_own_revision() -> None:
    spec = AppSpec("f", "live", "1", "2", {"BeforeAllowTraffic": "check"})
    assert appspec.parse(spec.revision()) == spec
    assert spec.reversed() == AppSpec("f", "live", "2", "1", {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k"}},
        revision("not: [closed"),
        revision("text"),
        revision(content(Resources=[])),
        revision(content(Resources=[{"it": {"Type": "AWS::Lambda::Function", "Properties": {"Name": "f"}}}])),
        revision(content(Hooks=[{"BeforeInstall": "check"}])),
        revision(content(), sha256="0" * 64),
    ],
)
def test_what_is_no_appspec_for_lambda_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CodeDeployError) as refused:
        appspec.parse(wrong)
    assert refused.value.name == "InvalidRevisionException"
