"""Follows deployments until each has ended: the new version, warm, serves all traffic, or the old one does again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scripts.rollout.alarms import ALARM
from scripts.rollout.alarms import read as read_alarms
from scripts.rollout.change import Change, serving
from scripts.rollout.deployments import Deployment, Deployments
from scripts.rollout.readiness import Warmth, warmth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.deployed import Deployed
    from scripts.rollout.probe import Tally

POLL_SECONDS = 3.0
LOCAL_POLL_SECONDS = 0.5
# CodeDeploy names the rollback a moment after the failure.
ROLLBACK_GRACE_SECONDS = 20.0
# Lambda starts some thousand environments a minute; after this long something is wrong.
WARM_WITHIN_SECONDS = 900.0

RELEASED = "released"
ROLLED_BACK = "rolled back"
FAILED = "failed"
WARM = Warmth(done=True)
_SHOWN = {"Created": "starting", "Queued": "starting", "InProgress": "checking"}


@dataclass(slots=True)
class Release:
    """One deployment that is watched: how far it is and how it ended."""

    change: Change
    deployment_id: str
    started: float = field(default_factory=time.time)
    state: str = "starting"
    weight: int = 0
    alarms: dict[str, str] = field(default_factory=dict)
    fired: dict[str, str] = field(default_factory=dict)
    """Alarms seen in ALARM: name to CloudWatch's reason."""
    deployment: Deployment | None = None
    cold: str = ""
    """Why the provisioned environments of the new version cannot be started."""
    probes: Tally | None = None
    ended: float | None = None
    _failed_at: float | None = None
    _shifted_at: float | None = None

    @property
    def elapsed(self) -> float:
        return (self.ended or time.time()) - self.started

    @property
    def alarm_state(self) -> str:
        """The worst state of its alarms."""
        states = set(self.alarms.values())
        return next((one for one in (ALARM, "INSUFFICIENT_DATA") if one in states), "OK" if states else "-")

    def take(self, deployment: Deployment, undo: Deployment | None, now: float, warm: Warmth = WARM) -> None:
        """Take in what CodeDeploy says of it and of the deployment that undoes it, and how warm the alias is then."""
        self.deployment = deployment
        self.started = deployment.created.timestamp()
        if not deployment.ended:
            self.state = "shifting" if self.weight else _SHOWN.get(deployment.status, deployment.status)
        elif deployment.status == "Succeeded":
            self._warm(deployment, warm, now)
        elif undo is None:
            self._failed_at = self._failed_at or now
            self.state = "rolling back"
            # Without a word of a rollback there is none: what the alias serves tells how it ended.
            if not deployment.rolled_back_by and now - self._failed_at >= ROLLBACK_GRACE_SECONDS:
                self._end(FAILED if self.weight else ROLLED_BACK, deployment)
        elif undo.ended:
            self._end(ROLLED_BACK if undo.status == "Succeeded" else FAILED, undo)
        else:
            self.state = "rolling back"

    def _warm(self, deployment: Deployment, warm: Warmth, now: float) -> None:
        """All traffic is the new version's once its provisioned environments run, if it is to have any."""
        if self._shifted_at is None:
            self._shifted_at = now
        waited = self.state == "warming"
        if warm.done:
            self._end(RELEASED, None if waited else deployment)
        elif warm.flaw or now - self._shifted_at >= WARM_WITHIN_SECONDS:
            self.cold = warm.flaw or f"not ready within {WARM_WITHIN_SECONDS:.0f} s"
            self._end(FAILED, None)
        else:
            self.state = "warming"

    def _end(self, state: str, last: Deployment | None) -> None:
        self.state = state
        self.ended = last.finished.timestamp() if last and last.finished else time.time()


class Watch:
    """Polls until every release has ended."""

    def __init__(self, stack: Deployed, deployments: Deployments, releases: list[Release]) -> None:
        self.releases = releases
        self._deployments = deployments
        self._lambda = stack.environment.client("lambda")
        self._cloudwatch = stack.environment.client("cloudwatch")
        self._poll = LOCAL_POLL_SECONDS if stack.environment.is_local else POLL_SECONDS

    def follow(self) -> Iterator[None]:
        """Yield after each look, the last time when all have ended."""
        while True:
            self.look()
            yield
            if all(one.ended is not None for one in self.releases):
                return
            time.sleep(self._poll)

    def look(self) -> None:
        """Read everything once."""
        open_ones = [one for one in self.releases if one.ended is None]
        found = self._deployments.read([one.deployment_id for one in open_ones])
        undone = self._deployments.read([one.rolled_back_by for one in found.values() if one.rolled_back_by])
        alarms = read_alarms(self._cloudwatch, sorted({name for one in open_ones for name in one.change.alarms}))
        now = time.monotonic()
        for one in open_ones:
            one.alarms = {name: alarms[name]["StateValue"] for name in one.change.alarms if name in alarms}
            for name, state in one.alarms.items():
                if state == ALARM:
                    one.fired[name] = str(alarms[name].get("StateReason") or "")
            deployment = found[one.deployment_id]
            shifted = deployment.status == "Succeeded"
            warm = warmth(self._lambda, one.change) if shifted else WARM
            # Read last: what has ended is shown as it serves.
            one.weight = self._weight(one.change)
            one.take(deployment, undone.get(deployment.rolled_back_by), now, warm)

    def _weight(self, change: Change) -> int:
        """The share of the traffic, in per cent, that the new version gets."""
        version, others = serving(self._lambda, change.function, change.alias)
        share = 1 - sum(others.values()) if version == change.target else others.get(change.target, 0)
        return round(100 * share)
