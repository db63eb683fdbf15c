"""Evaluates the alarms on a timer, as CloudWatch does: on whole minutes, or on whole 10 seconds for shorter periods.

`TRADEPOST_ALARM_SPEED=n` (1 to 60) lets n seconds pass for the alarms in each second, so that a period of a minute
takes a second at 60, and a shorter one no less. The metrics themselves keep their true times.
"""

from __future__ import annotations

import json
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from scripts.local import engine
from scripts.local.cloudwatch import alarm_messages, alarm_state, metric_queries
from scripts.local.cloudwatch.alarm_state import COMPARISONS, Condition, Datapoint, State
from scripts.local.cloudwatch.cloudwatch_protocol import RequestError
from scripts.local.cloudwatch.metric_queries import Range
from scripts.local.cloudwatch.metrics import MetricStore
from scripts.local.settings import ACCOUNT_ID, REGION

TICK_SECONDS = 10.0
SAMPLE_SECONDS = 30.0
FASTEST = 60.0
"""Metrics are stored per second, so a period of a minute cannot be shorter."""

logger = logging.getLogger("tradepost.alarms")


class AlarmWatch:
    """The thread that evaluates alarms.

    It also lets the `samplers` record the state of things twice a minute and `flush` save the metrics. `changed` tells
    the snapshots of a change of state.
    """

    def __init__(
        self,
        store: MetricStore,
        changed: Callable[[], None],
        samplers: Sequence[Callable[[], None]],
        flush: Callable[[], None],
    ) -> None:
        speed = float(os.environ.get("TRADEPOST_ALARM_SPEED", "1"))
        self.speed = min(max(speed, 1.0), FASTEST)
        self._store = store
        self._changed = changed
        self._samplers = samplers
        self._flush = flush
        self._after: Callable[[], None] = lambda: None
        self._sampled = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)

    def install(self, after: Callable[[], None]) -> None:
        """Leave evaluation to the timer; ministack evaluates when data is put. `after` is called after each round."""
        self._after = after
        service = engine.service("cloudwatch")
        service._evaluate_alarm = lambda _: None
        service._evaluate_all_alarms = lambda: None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; an alarm that is being evaluated is finished."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(TICK_SECONDS / self.speed):
            with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
                if time.monotonic() - self._sampled >= SAMPLE_SECONDS / self.speed:
                    self._sampled = time.monotonic()
                    for sample in self._samplers:
                        _guarded("sampling", sample)
                _guarded("saving the metrics", self._flush)
                for name, alarm in list(engine.service("cloudwatch")._alarms.items()):
                    _guarded(f"evaluating the alarm {name}", partial(self._evaluate, alarm))
                _guarded("releasing suppressed actions", self._after)

    def _evaluate(self, alarm: dict[str, Any]) -> None:
        if alarm.get("ComparisonOperator") not in COMPARISONS:
            return
        condition, old = _condition(alarm), State(alarm["StateValue"])
        try:
            evaluation = self._read(alarm, condition)
        except RequestError as error:
            logger.warning("the alarm %s cannot be evaluated: %s", alarm["AlarmName"], error)
            return
        new = alarm_state.decide(evaluation.points, condition, old)
        if new is not old and engine.service("cloudwatch")._alarms.get(alarm["AlarmName"]) is alarm:
            self._change(alarm, condition, evaluation, new)

    def _read(self, alarm: dict[str, Any], condition: Condition) -> Evaluation:
        """The datapoints of the evaluation range; its end is the last whole minute (or 10 seconds)."""
        queries = [_seen(query, self.speed) for query in alarm_messages.queries(alarm)]
        period = metric_queries.period_of(queries)
        step = 60.0 if period >= 60 else 10.0
        end = math.floor(time.time() * self.speed / step) * step
        over = Range(end - (condition.periods + alarm_state.EXTRA_PERIODS) * period, end, self.speed)
        values = metric_queries.evaluate(self._store, queries, over)
        [watched] = [query["Id"] for query in queries if alarm_messages.returns_data(query)]
        value = values[watched]
        if isinstance(value, list):
            raise RequestError("ValidationError", "An alarm watches one time series, its expression gives several")
        found = dict.fromkeys(over.times(period), value) if isinstance(value, float) else value
        points = [(when, found.get(when)) for when in over.times(period)]
        return Evaluation(points, period, end, self.speed)

    def _change(self, alarm: dict[str, Any], condition: Condition, evaluation: Evaluation, new: State) -> None:
        service, old = engine.service("cloudwatch"), State(alarm["StateValue"])
        named = [(evaluation.named(when), value) for when, value in evaluation.points]
        text = alarm_state.reason(named, condition, old, new)
        data = evaluation.reason_data(alarm, condition)
        now = int(time.time())
        alarm.update(
            StateValue=str(new),
            StateReason=text,
            StateReasonData=json.dumps(data),
            StateUpdatedTimestamp=now,
            StateTransitionedTimestamp=now,
        )
        service._record_history(alarm["AlarmName"], str(old), str(new), text, "MetricAlarm", data)
        service._dispatch_alarm_actions(alarm, str(old), str(new), text)
        service._evaluate_parent_alarms(alarm)
        self._changed()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation saw; its times run `speed` times as fast as the clock."""

    points: list[Datapoint]
    period: float
    end: float
    speed: float

    def named(self, when: float) -> str:
        return datetime.fromtimestamp(when / self.speed, UTC).strftime("%d/%m/%y %H:%M:%S")

    def reason_data(self, alarm: dict[str, Any], condition: Condition) -> dict[str, Any]:
        """The StateReasonData: what the state was decided on."""
        real = [(when, value) for when, value in self.points if value is not None][-condition.periods :]
        data = {
            "version": "1.0",
            "queryDate": alarm_messages.timestamp(time.time()),
            "period": int(self.period),
            "recentDatapoints": [value for _, value in real],
            "threshold": condition.threshold,
            "evaluatedDatapoints": [
                {"timestamp": alarm_messages.timestamp(when / self.speed), "value": value}
                for when, value in reversed(real)
            ],
        }
        if real:
            data["startDate"] = alarm_messages.timestamp(real[0][0] / self.speed)
        statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
        return data | ({"statistic": statistic} if statistic else {})


def _seen(query: dict[str, Any], speed: float) -> dict[str, Any]:
    """A query whose period is at least a second of the clock, as finely as metrics are kept."""
    stat = query.get("MetricStat")
    if not stat or float(stat.get("Period") or 60) >= speed:
        return query
    return {**query, "MetricStat": {**stat, "Period": speed}}


def _guarded(what: str, action: Callable[[], None]) -> None:
    """Let no failure end the thread."""
    try:
        action()
    except Exception:
        logger.exception("%s failed", what)


def _condition(alarm: dict[str, Any]) -> Condition:
    periods = int(alarm.get("EvaluationPeriods") or 1)
    return Condition(
        COMPARISONS[alarm["ComparisonOperator"]],
        float(alarm.get("Threshold") or 0),
        periods,
        int(alarm.get("DatapointsToAlarm") or periods),
        alarm.get("TreatMissingData") or "missing",
    )
