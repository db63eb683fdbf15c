"""Faults for alarms: what makes each one fire.

Most are figures: an alarm's own metrics get values that its own condition calls bad, as CloudWatch would get them from
AWS. (AWS refuses data for its own namespaces; the local cloud takes it, for this.) That works for whatever alarm there
is, and at once for all. Where silence is the fault, or a log line, that is caused.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

from scripts.local.cloudwatch import alarm_messages, metric_math
from scripts.local.cloudwatch.alarm_state import COMPARISONS
from scripts.local.cloudwatch.metric_math import Scope
from tests.stack.conftest import Stack

METRICS_PER_CALL = 500
NAMES_PER_CALL = 100
LONG_WINDOW = 1800
"""Seconds from which on a window would take too long to pass: good events drown the bad ones in it."""

SMALL = 100.0


def alarms(stack: Stack, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The alarms of these names as CloudWatch describes them now."""
    client = stack.environment.client("cloudwatch")
    found: dict[str, dict[str, Any]] = {}
    for some in batched(sorted(names), NAMES_PER_CALL, strict=False):
        answer = client.describe_alarms(
            AlarmNames=list(some), AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=NAMES_PER_CALL
        )
        found |= {one["AlarmName"]: one for one in answer["MetricAlarms"] + answer["CompositeAlarms"]}
    return found


# ---- Figures


@dataclass(frozen=True)
class Figures:
    """Data of one alarm's metrics: (namespace, datum) as PutMetricData takes them."""

    data: tuple[tuple[str, dict[str, Any]], ...]

    @classmethod
    def bad(cls, alarm: Mapping[str, Any]) -> "Figures":
        """Figures that the alarm's condition calls bad."""
        return cls(tuple(_data(alarm, _assignment(alarm, wanted=True))))

    @classmethod
    def good(cls, alarm: Mapping[str, Any], weight: float) -> "Figures":
        """Good figures, `weight` times as many as `bad` has bad ones."""
        return cls(tuple(_data(alarm, _assignment(alarm, wanted=False), weight)))


def put(stack: Stack, figures: Iterable[Figures]) -> None:
    """Give figures to CloudWatch, as of now."""
    client = stack.environment.client("cloudwatch")
    by_namespace: dict[str, list[dict[str, Any]]] = {}
    for namespace, datum in (one for each in figures for one in each.data):
        by_namespace.setdefault(namespace, []).append(datum)
    for namespace, data in by_namespace.items():
        for some in batched(data, METRICS_PER_CALL, strict=False):
            client.put_metric_data(Namespace=namespace, MetricData=list(some))


def _stats(alarm: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {query["Id"]: query["MetricStat"] for query in alarm_messages.queries(alarm) if query.get("MetricStat")}


def _metrics(alarm: Mapping[str, Any]) -> set[str]:
    """The metrics of an alarm, each as one text."""
    return {_key(stat["Metric"]) for stat in _stats(alarm).values()}


def _key(metric: Mapping[str, Any]) -> str:
    dimensions = sorted(metric.get("Dimensions") or [], key=lambda one: str(one["Name"]))
    return json.dumps({**metric, "Dimensions": dimensions}, sort_keys=True)


def _assignment(alarm: Mapping[str, Any], *, wanted: bool) -> dict[str, float]:
    """Values of the alarm's metrics for which its condition holds, or does not."""
    comparison = COMPARISONS[alarm["ComparisonOperator"]]
    for values in _candidates(sorted(_stats(alarm)), float(alarm["Threshold"])):
        value = _value(alarm, values)
        if value is not None and comparison.test(value, float(alarm["Threshold"])) == wanted:
            return values
    raise AssertionError(f"no figures found for {alarm['AlarmName']}")


def _candidates(ids: list[str], threshold: float) -> Iterator[dict[str, float]]:
    """All metrics at one value, then one of them at another; where events are counted, some events first."""
    levels = (0.0, SMALL, max(SMALL, 2 * threshold + 1))
    for base in (SMALL, *levels):
        yield dict.fromkeys(ids, base)
        for name in ids:
            for level in levels:
                yield {**dict.fromkeys(ids, base), name: level}


def _value(alarm: Mapping[str, Any], values: Mapping[str, float]) -> float | None:
    """What the alarm's expression makes of one value of each metric."""
    known: dict[str, Any] = {name: {0.0: value} for name, value in values.items()}
    [query] = [one for one in alarm_messages.queries(alarm) if alarm_messages.returns_data(one)]
    if not query.get("Expression"):
        return values[query["Id"]]
    found = metric_math.evaluate(query["Expression"], Scope(known, tuple(values), (0.0,), 60.0))
    return found.get(0.0) if isinstance(found, dict) else found if isinstance(found, float) else None


def _data(
    alarm: Mapping[str, Any], values: Mapping[str, float], weight: float = 1.0
) -> Iterator[tuple[str, dict[str, Any]]]:
    """One datum for each metric; several statistics of one metric become one distribution."""
    by_metric: dict[str, dict[str, float]] = {}
    for name, stat in _stats(alarm).items():
        by_metric.setdefault(_key(stat["Metric"]), {})[stat["Stat"]] = values[name]
    for key, wanted in by_metric.items():
        metric = json.loads(key)
        named = {"MetricName": metric["MetricName"], "Dimensions": metric["Dimensions"]}
        yield metric["Namespace"], named | _distribution(wanted, weight)


def _distribution(wanted: Mapping[str, float], weight: float) -> dict[str, Any]:
    share = next((name for name in wanted if name.startswith("PR(:")), None)
    if share:
        limit = float(share.removeprefix("PR(:").removesuffix(")"))
        return {
            "Values": [limit * (10 if wanted[share] < 50 else 0.1)],
            "Counts": [wanted.get("SampleCount", 1) * weight],
        }
    [(stat, value)] = wanted.items()
    if stat == "SampleCount":
        return {"Values": [1.0], "Counts": [value * weight or 1]}
    return {"Value": value * (weight if stat == "Sum" else 1)}


# ---- Faults by kind


@dataclass(frozen=True)
class Fault:
    """How alarms of a kind are made to fire and to clear.

    `hold` is called about twice a second while the fault lasts; `keep` while it does not, where alarms that run at 60
    times the speed would miss a sign of life that comes once a minute.
    """

    hold: Callable[[Stack, Mapping[str, Any]], None] | None = None
    keep: Callable[[Stack, Mapping[str, Any]], None] | None = None
    begin: Callable[[Stack, Mapping[str, Any]], None] | None = None
    end: Callable[[Stack, Mapping[str, Any]], None] | None = None
    figures: bool = False


def _enable(stack: Stack, alarm: Mapping[str, Any], *, enabled: bool) -> None:
    [uuid] = [one["Value"] for one in alarm["Dimensions"] if one["Name"] == "EventSourceMappingUUID"]
    stack.environment.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=enabled)


def _report_memory(stack: Stack, alarm: Mapping[str, Any]) -> None:
    """Write what Lambda would: the metric filter of the stack makes the metric of it."""
    logs, group = stack.environment.client("logs"), f"/aws/lambda/{alarm['MetricName']}"
    report = {"type": "platform.report", "record": {"metrics": {"maxMemoryUsedMB": alarm["Threshold"] + 1}}}
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName="fault")
    event = {"timestamp": int(time.time() * 1000), "message": json.dumps(report)}
    logs.put_log_events(logGroupName=group, logStreamName="fault", logEvents=[event])


def _stop(stack: Stack, alarm: Mapping[str, Any]) -> None:
    """Let no invocation through, whoever asks."""
    stack.environment.client("lambda").put_function_concurrency(
        FunctionName=_function(alarm), ReservedConcurrentExecutions=0
    )


def _release(stack: Stack, alarm: Mapping[str, Any]) -> None:
    """Let invocations through again; nobody wants what was given up meanwhile and waits in the failure queue."""
    function, sqs = _function(alarm), stack.environment.client("sqs")
    stack.environment.client("lambda").delete_function_concurrency(FunctionName=function)
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=f"{function}-failures")["QueueUrl"])


def _function(alarm: Mapping[str, Any]) -> str:
    [name] = [one["Value"] for one in alarm["Dimensions"] if one["Name"] == "FunctionName"]
    return str(name)


def _one(stack: Stack, alarm: Mapping[str, Any]) -> None:
    """Count one of what the alarm misses."""
    datum = {"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Value": 1}
    stack.environment.client("cloudwatch").put_metric_data(Namespace=alarm["Namespace"], MetricData=[datum])


FIGURES = Fault(figures=True)
FAULTS: dict[str, Fault] = {
    "api-5xx": FIGURES,
    "api-latency": FIGURES,
    "canary-errors": FIGURES,
    "canary-slow": FIGURES,
    "failure-queue-age": FIGURES,
    "failure-queue-waiting": FIGURES,
    "function-duration": FIGURES,
    "function-errors": FIGURES,
    "function-memory": Fault(hold=_report_memory),
    "function-no-invocations": Fault(begin=_stop, keep=_one, end=_release),
    "function-throttles": FIGURES,
    "outbox-behind": FIGURES,
    "queue-backlog-age": FIGURES,
    "slo-window": FIGURES,
    "stream-iterator-age": FIGURES,
    "table-throttles": FIGURES,
    "trigger-stopped": Fault(
        begin=lambda stack, alarm: _enable(stack, alarm, enabled=False),
        end=lambda stack, alarm: _enable(stack, alarm, enabled=True),
    ),
    "workflow-failed": FIGURES,
    "workflow-throttled": FIGURES,
}
"""By kind, which is the name of the runbook."""

SILENCE = ("function-no-invocations", "trigger-stopped")
"""Kinds whose fault is that nothing comes."""

FOLLOW = ("customers-affected", "known-cause", "service-urgent", "slo-fast-burn", "slo-slow-burn")
"""Kinds of composite alarms, which fire when the alarms that they gather do."""


class Faults:
    """The faults that are on: `names` are those of alarms, `kinds` says of which kind each alarm of the stack is."""

    def __init__(self, stack: Stack, kinds: Mapping[str, str]) -> None:
        self._stack = stack
        self._kinds = kinds
        self._alarms = alarms(stack, [name for name, kind in kinds.items() if kind in FAULTS])
        self._on: set[str] = set()

    def begin(self, names: Iterable[str]) -> None:
        self._on |= set(names) & set(self._alarms)
        for name in self._on:
            self._call("begin", name)

    def hold(self) -> None:
        """Go on with the faults that are on, and keep alive what is well."""
        put(self._stack, [Figures.bad(self._alarms[name]) for name in self._on if self._fault(name).figures])
        for name in self._alarms:
            self._call("hold" if name in self._on else "keep", name)

    def of_same_metrics(self, names: Iterable[str]) -> set[str]:
        """Other alarms that have a metric in common with these: their figures are signs of life to them."""
        watched = {key for name in names for key in _metrics(self._alarms[name])}
        return {name for name, alarm in self._alarms.items() if name not in names and watched & _metrics(alarm)}

    def end(self) -> None:
        ended, self._on = self._on, set()
        for name in ended:
            self._call("end", name)
        self.drown(ended, 1_000_000)

    def drown(self, names: Iterable[str], weight: float) -> None:
        """Let good events follow the bad ones, where it would take too long until those are forgotten."""
        put(self._stack, [Figures.good(self._alarms[name], weight) for name in names if self._is_long(name)])

    def _is_long(self, name: str) -> bool:
        return name in self._alarms and any(
            stat["Period"] >= LONG_WINDOW for stat in _stats(self._alarms[name]).values()
        )

    def _fault(self, name: str) -> Fault:
        return FAULTS[self._kinds[name]]

    def _call(self, step: str, name: str) -> None:
        action = getattr(self._fault(name), step)
        if action is not None:
            action(self._stack, self._alarms[name])
