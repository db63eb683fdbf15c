"""Versions and aliases of state machines: an execution runs what was published, and invalid definitions are refused."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.workflows import Machine, machine

HUNDRED = 100


def saying(word: str) -> dict[str, Any]:
    return {"StartAt": "Say", "States": {"Say": {"Type": "Succeed", "Output": word}}, "QueryLanguage": "JSONata"}


@dataclass(frozen=True)
class Published:
    """A machine with the versions `one` and `two`, whose newest, unpublished definition says `three`."""

    machine: Machine
    one: str
    two: str

    def alias(self, name: str, **weights: int) -> str:
        routes = [
            {"stateMachineVersionArn": getattr(self, version), "weight": weight} for version, weight in weights.items()
        ]
        api = self.machine.cloud.aws("stepfunctions")
        return str(api.create_state_machine_alias(name=name, routingConfiguration=routes)["stateMachineAliasArn"])

    def said(self, arn: str) -> Any:
        """The execution that this ARN starts, once it has ended."""
        api = self.machine.cloud.aws("stepfunctions")
        return self.machine.ended(api.start_execution(stateMachineArn=arn)["executionArn"])


@pytest.fixture
def published(cloud: Cloud) -> Published:
    made, api = machine(cloud, saying("one")["States"], QueryLanguage="JSONata"), cloud.aws("stepfunctions")
    one = api.publish_state_machine_version(stateMachineArn=made.arn)["stateMachineVersionArn"]
    two = api.update_state_machine(stateMachineArn=made.arn, definition=json.dumps(saying("two")), publish=True)
    api.update_state_machine(stateMachineArn=made.arn, definition=json.dumps(saying("three")))
    return Published(made, one, two["stateMachineVersionArn"])


def test_an_execution_runs_the_version_that_it_was_started_by(published: Published) -> None:
    alias = published.alias("live", one=HUNDRED)
    words = {arn: json.loads(published.said(arn)["output"]) for arn in (published.machine.arn, published.two, alias)}
    assert words == {published.machine.arn: "three", published.two: "two", alias: "one"}


def test_an_execution_names_its_version_and_alias(published: Published) -> None:
    alias = published.alias("live", two=HUNDRED)
    ended = published.said(alias)
    assert (ended["stateMachineVersionArn"], ended["stateMachineAliasArn"]) == (published.two, alias)
    assert "stateMachineVersionArn" not in published.said(published.machine.arn)


def test_the_weights_of_an_alias_choose_the_version(published: Published) -> None:
    alias = published.alias("shifting", one=70, two=30)
    said = Counter(json.loads(published.said(alias)["output"]) for _ in range(HUNDRED))
    assert said["one"] + said["two"] == HUNDRED
    assert 10 <= said["two"] <= 50


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ({"Only": {"Type": "Sleep", "End": True}}, "Sleep"),
        ({"Only": {"Type": "Pass", "Next": "Nowhere"}}, "Nowhere"),
        ({"Only": {"Type": "Pass", "End": True}, "Alone": {"Type": "Succeed"}}, "Alone"),
        ({"Only": {"Type": "Pass", "Output": "{% $sum( %}", "End": True}}, "INVALID_JSONATA_EXPRESSION"),
    ],
)
def test_an_invalid_definition_is_refused(cloud: Cloud, states: dict[str, Any], words: str) -> None:
    api = cloud.aws("stepfunctions")
    definition = json.dumps({"StartAt": "Only", "States": states, "QueryLanguage": "JSONata"})
    answer = api.validate_state_machine_definition(definition=definition)
    assert answer["result"] == "FAIL"
    assert words in answer["diagnostics"][0]["message"]
    with pytest.raises(api.exceptions.InvalidDefinition, match=words):
        machine(cloud, states, QueryLanguage="JSONata")


def test_a_valid_definition_is_told_so(cloud: Cloud) -> None:
    assert (
        cloud.aws("stepfunctions").validate_state_machine_definition(definition=json.dumps(saying("hello")))["result"]
        == "OK"
    )
