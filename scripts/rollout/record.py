"""Last known good versions, in Parameter Store: `/tradepost/<env>/releases/<service>.<function>`.

Each release writes one JSON object: version, previous (the last known good before it, null for none), deployment_id,
finished_at (RFC 3339), by.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scripts.environment import Environment
    from scripts.rollout.change import Change
    from scripts.rollout.deployments import Deployment, Deployments


@dataclass(frozen=True, slots=True)
class Record:
    """A version that was released to the end."""

    version: str
    previous: str | None
    deployment_id: str
    finished_at: str
    by: str


class Records:
    """Records of one environment."""

    def __init__(self, environment: Environment) -> None:
        self._client = environment.client("ssm")
        self._prefix = f"/tradepost/{environment.name}/releases/"
        self._metrics = environment.client("cloudwatch")
        self._namespace = f"tradepost-{environment.name}"

    def last(self, key: str) -> Record | None:
        """Return what was released last of a function; None before the first release."""
        try:
            found = self._client.get_parameter(Name=self._prefix + key)
        except self._client.exceptions.ParameterNotFound:
            return None
        return Record(**json.loads(found["Parameter"]["Value"]))

    def released(self, change: Change, deployment: Deployment) -> None:
        """Record a release that succeeded, once."""
        last = self.last(change.key)
        if last and last.deployment_id == deployment.id:
            return
        previous: str | None = change.current
        if int(change.target) < int(change.current):
            # Back at an old version, the next to go back to is the one before it, not the one that was left.
            before = (one for one in self.history(change.key) if one.version == change.target)
            previous = next((one.previous for one in before), None)
        finished = (deployment.finished or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
        record = Record(change.target, previous, deployment.id, finished, deployment.by)
        self._client.put_parameter(
            Name=self._prefix + change.key, Type="String", Overwrite=True, Value=json.dumps(asdict(record))
        )
        # For the dashboards, which can show a metric beside others but read no record.
        service = [{"Name": "service", "Value": change.key.partition(".")[0]}]
        self._metrics.put_metric_data(
            Namespace=self._namespace,
            MetricData=[{"MetricName": "FunctionsReleased", "Dimensions": service, "Value": 1, "Unit": "Count"}],
        )

    def history(self, key: str) -> list[Record]:
        """Return what was released of a function, the newest first."""
        try:
            pages = self._client.get_paginator("get_parameter_history").paginate(Name=self._prefix + key)
            found: list[dict[str, Any]] = [one for page in pages for one in page["Parameters"]]
        except self._client.exceptions.ParameterNotFound:
            return []
        found.sort(key=lambda one: int(one["Version"]), reverse=True)
        return [Record(**json.loads(one["Value"])) for one in found]


def catch_up(deployments: Deployments, records: Records) -> None:
    """Record what succeeded while nobody watched, if it serves: what cannot be kept warm does not."""
    ids = deployments.last_succeeded()
    for deployment in deployments.read(sorted(ids.values())).values():
        change = None if deployment.by_codedeploy else deployments.change(deployment)
        if change and deployments.serves(change):
            records.released(change, deployment)
