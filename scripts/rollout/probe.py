"""Synthetic traffic for functions that are released with too little of their own: `make rollout ARGS=--probe`.

A probe is the health event, sent to the alias: the weights choose the version that answers, and Lambda counts it as an
invocation of that version, so that the alarms can judge. It shows that the version can be imported, finds its settings
and answers in time, again and again and through the alias; it runs none of the function's own logic. Beside it, a
failed call of a customer no longer is too rare to count.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from scripts.rollout.alarms import Judgment, judgment
from scripts.rollout.alarms import read as read_alarms

if TYPE_CHECKING:
    from types import TracebackType

    from scripts.deployed import Deployed
    from scripts.rollout.watch import Release

# Per period of the alarms: twice what they ask for, no more. One failed call among so many is still over their limit.
ENOUGH = 2
# Sent at this multiple of the rate that would do on average, as the weights are dice.
HASTE = 2
MOST_PER_SECOND = 20.0
MOST_SENT = 3000
# How far back a function's own traffic is looked at, in periods.
LOOK_BACK = 5
IDLE_SECONDS = 0.1
END_WITHIN_SECONDS = 2.0
DENIED = ("AccessDeniedException", "AccessDenied")


@dataclass(slots=True)
class Tally:
    """What came of a function's probes. `needless` says why there are none, `flaw` is what the last failed one told."""

    sent: int = 0
    by_new_version: int = 0
    failed: int = 0
    needless: str = ""
    flaw: str = ""

    def __str__(self) -> str:
        if self.needless:
            return f"no probes: {self.needless}"
        return f"{self.sent} probes, {self.by_new_version} of the new version, {self.failed} failed"


class Probes:
    """Probes each release while its traffic is split, one call at a time, from `with` to its end."""

    def __init__(self, stack: Deployed, releases: list[Release]) -> None:
        self._releases = releases
        self._stack = stack
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        from shared.observability import HEALTH_EVENT

        cloudwatch, client = (self._stack.environment.client(name) for name in ("cloudwatch", "lambda"))
        alarms = read_alarms(cloudwatch, sorted({name for one in self._releases for name in one.change.alarms}))
        for release in self._releases:
            release.probes = Tally()
            known = [judgment(alarms[name]) for name in release.change.alarms if name in alarms]
            wanted = max(known, key=lambda one: one.min_invocations, default=Judgment("", 60, 1))
            prober = Prober(release, release.probes, wanted, client, json.dumps(HEALTH_EVENT).encode())
            work = (prober, cloudwatch)
            self._threads.append(threading.Thread(target=self._run, args=work, daemon=True, name=release.change.key))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(END_WITHIN_SECONDS)

    def _run(self, prober: Prober, cloudwatch: Any) -> None:
        release = prober.release
        while not 0 < release.weight < 100:
            if release.ended is not None or self._stop.wait(IDLE_SECONDS):
                return
        if own_traffic(cloudwatch, release, prober.judgment.period) * release.weight / 100 >= prober.hits_per_period:
            prober.tally.needless = "it has traffic enough of its own"
            return
        while release.ended is None and 0 < release.weight < 100 and prober.may_go_on:
            if self._stop.wait(prober.pause(time.monotonic())):
                return
            prober.send()


def own_traffic(client: Any, release: Release, period: int) -> float:
    """Return how often the alias was invoked in a period of late, on average."""
    change, now = release.change, datetime.now(UTC)
    names = {"FunctionName": change.function, "Resource": f"{change.function}:{change.alias}"}
    answer = client.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Dimensions=[{"Name": name, "Value": value} for name, value in names.items()],
        StartTime=now - timedelta(seconds=LOOK_BACK * period),
        EndTime=now,
        Period=period,
        Statistics=["Sum"],
    )
    return float(sum(one["Sum"] for one in answer["Datapoints"])) / LOOK_BACK


class Prober:
    """Sends the probes of one release, at the pace and up to the number that its alarms need."""

    def __init__(self, release: Release, tally: Tally, judged: Judgment, client: Any, event: bytes) -> None:
        self.release = release
        self.tally = tally
        self.judgment = judged
        self.hits_per_period = ENOUGH * judged.min_invocations
        self._client = client
        self._event = event
        self._hits: deque[float] = deque()
        self._denied = False

    @property
    def may_go_on(self) -> bool:
        """Whether there may be more probes."""
        if self._denied:
            return False
        if self.tally.sent >= MOST_SENT:
            self.tally.flaw = self.tally.flaw or f"the limit of {MOST_SENT} is reached"
        return self.tally.sent < MOST_SENT

    def pause(self, now: float) -> float:
        """Return the seconds until the next probe."""
        period = self.judgment.period
        while self._hits and self._hits[0] <= now - period:
            self._hits.popleft()
        if len(self._hits) >= self.hits_per_period:
            return self._hits[0] + period - now
        share = max(self.release.weight, 1) / 100
        return max(period * share / (HASTE * self.hits_per_period), 1 / MOST_PER_SECOND)

    def send(self) -> None:
        """Send one probe and count what came of it."""
        change = self.release.change
        self.tally.sent += 1
        try:
            answer = self._client.invoke(FunctionName=change.function, Qualifier=change.alias, Payload=self._event)
        except (BotoCoreError, ClientError) as error:
            self._fail(str(error))
            self._denied = isinstance(error, ClientError) and error.response["Error"]["Code"] in DENIED
            return
        body = answer["Payload"].read()
        if answer.get("ExecutedVersion") == change.target:
            self.tally.by_new_version += 1
            self._hits.append(time.monotonic())
        if answer.get("FunctionError"):
            self._fail(f"version {answer.get('ExecutedVersion')}: {_error(body)}")

    def _fail(self, flaw: str) -> None:
        self.tally.failed += 1
        self.tally.flaw = flaw[:300]


def _error(body: bytes) -> str:
    """What a function that failed answered, in short: the error and its message."""
    try:
        told = json.loads(body)
        return f"{told.get('errorType', 'Error')}: {told['errorMessage']}"
    except (ValueError, LookupError, AttributeError):
        return body.decode(errors="replace")
