"""What PutMetricAlarm refuses: an alarm that AWS would not take must not be taken here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.local.cloudwatch import alarm_messages, metric_math
from scripts.local.cloudwatch.alarm_state import COMPARISONS
from scripts.local.cloudwatch.cloudwatch_protocol import RequestError
from scripts.local.cloudwatch.metric_math import MetricMathError

SHORT_PERIODS = (10, 20, 30)
LONGEST_SECONDS = 7 * 86400
LONGEST_SECONDS_OF_SHORT_PERIODS = 86400
TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")


def check(alarm: Mapping[str, Any]) -> None:
    """Raise RequestError for an alarm that cannot be evaluated."""
    periods = int(alarm.get("EvaluationPeriods") or 0)
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    if periods < 1 or not 1 <= needed <= periods:
        raise RequestError(
            "ValidationError",
            "EvaluationPeriods must be at least 1 and DatapointsToAlarm between 1 and EvaluationPeriods.",
        )
    if alarm.get("ComparisonOperator") not in COMPARISONS:
        raise RequestError("ValidationError", f"ComparisonOperator {alarm.get('ComparisonOperator')} is not supported.")
    if (alarm.get("TreatMissingData") or "missing") not in TREATMENTS:
        raise RequestError("ValidationError", f"TreatMissingData must be one of {', '.join(TREATMENTS)}.")
    if alarm.get("Metrics"):
        _check_metrics(alarm)
    else:
        _check_metric(alarm)
    for query in alarm_messages.queries(alarm):
        if query.get("MetricStat"):
            _check_period(int(query["MetricStat"].get("Period") or 0), periods)


def _check_metric(alarm: Mapping[str, Any]) -> None:
    if not (alarm.get("MetricName") and alarm.get("Namespace")):
        raise RequestError("MissingParameter", "MetricName and Namespace are required for an alarm on one metric.")
    if bool(alarm.get("Statistic")) == bool(alarm.get("ExtendedStatistic")):
        raise RequestError("InvalidParameterCombination", "Exactly one of Statistic and ExtendedStatistic is required.")


def _check_metrics(alarm: Mapping[str, Any]) -> None:
    if alarm.get("MetricName") or alarm.get("Statistic") or alarm.get("Period"):
        raise RequestError("InvalidParameterCombination", "Metrics cannot be combined with a single metric.")
    queries = alarm["Metrics"]
    if sum(alarm_messages.returns_data(query) for query in queries) != 1:
        raise RequestError("ValidationError", "Exactly one element of the metrics list should return data.")
    known = {query["Id"] for query in queries}
    for query in queries:
        try:
            named = metric_math.references(str(query.get("Expression") or "0"))
        except MetricMathError as error:
            raise RequestError("ValidationError", str(error)) from error
        unknown = [name for name in named if name not in known and name not in metric_math.KEYWORDS]
        if unknown:
            raise RequestError("ValidationError", f"Undefined variable [{unknown[0]}] in {query['Id']}")


def _check_period(period: int, periods: int) -> None:
    if period not in SHORT_PERIODS and (period < 60 or period % 60):
        raise RequestError("ValidationError", "Period must be 10, 20, 30 or a multiple of 60.")
    longest = LONGEST_SECONDS if period >= 3600 else LONGEST_SECONDS_OF_SHORT_PERIODS
    if period * periods > longest:
        raise RequestError("ValidationError", f"Metrics cannot be checked across more than {longest} seconds.")
