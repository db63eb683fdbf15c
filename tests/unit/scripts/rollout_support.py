"""Small stand-ins for AWS that the tests of releases share."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.rollout.change import Change
from scripts.rollout.deployments import Deployment

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CHANGE = Change("orders.api", "api", "live", "orders.api", ("api-canary-errors",), "3", "4")
DEPLOYMENT = Deployment("d-1", "orders.api", "InProgress", "orders.api 3 to 4 by ann", NOW, None, "", "", "", "", False)
UNDO = replace(DEPLOYMENT, id="d-2", description="Rollback of deployment d-1", undoes="d-1", by_codedeploy=True)


class Lambda:
    """Aliases and the configuration of versions."""

    class exceptions:  # noqa: N801
        ResourceNotFoundException = KeyError

    def __init__(self, aliases: dict[str, str], versions: dict[str, dict[str, Any]] | None = None) -> None:
        self.aliases = aliases
        self.versions = versions or {}

    def get_alias(self, FunctionName: str, **_: str) -> dict[str, Any]:  # noqa: N803
        version, _plus, weighted = self.aliases[FunctionName].partition("+")  # <version>+<the one that gets all>
        return {
            "FunctionVersion": version,
            "RoutingConfig": {"AdditionalVersionWeights": {weighted: 1.0} if weighted else {}},
        }

    def update_alias(self, FunctionName: str, FunctionVersion: str, **_: object) -> None:  # noqa: N803
        self.aliases[FunctionName] = FunctionVersion

    def get_function_configuration(self, Qualifier: str, **_: str) -> dict[str, Any]:  # noqa: N803
        return self.versions[Qualifier]


class Parameters:
    """One parameter per name, with its history; and which services' releases were counted."""

    class exceptions:  # noqa: N801
        ParameterNotFound = LookupError

    def __init__(self) -> None:
        self.values: dict[str, list[str]] = {}
        self.counted: list[str] = []

    def put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        assert Namespace == "tradepost-local"
        self.counted += [one["Dimensions"][0]["Value"] for one in MetricData]

    def get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803
        if Name not in self.values:
            raise LookupError(Name)
        return {"Parameter": {"Value": self.values[Name][-1]}}

    def put_parameter(self, Name: str, Value: str, **_: object) -> None:  # noqa: N803
        self.values.setdefault(Name, []).append(Value)

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, Name: str) -> list[dict[str, Any]]:  # noqa: N803
        if Name not in self.values:
            raise LookupError(Name)
        return [{"Parameters": [{"Version": n, "Value": value} for n, value in enumerate(self.values[Name], 1)]}]


def deployed(client: object, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    functions = {
        f"orders.{one}": {
            "name": one,
            "alias": "live",
            "version": "4",
            "deployment_group": f"orders.{one}",
            "canary_alarms": [f"{one}-canary-errors"],
        }
        for one in ("api", "replay")
    }
    monkeypatch.setattr(Environment, "client", lambda _self, _service: client)
    return Deployed(Environment.named("local"), {"functions": functions})
