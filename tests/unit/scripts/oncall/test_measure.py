"""One number per metric, and rows of Logs Insights."""

from typing import Any

import pytest

from scripts.console import Failure
from scripts.oncall import measure
from scripts.oncall.measure import Measured, Metric, Range, by_function, insights


class CloudWatch:
    """Answers each query with its number, once per point; in pages of one result."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def get_paginator(self, _name: str) -> Any:
        def paginate(_self: object, MetricDataQueries: list[dict[str, Any]], **_: Any) -> list[dict[str, Any]]:  # noqa: N803
            self.sizes.append(len(MetricDataQueries))
            return [{"MetricDataResults": [{"Id": query["Id"], "Values": [1.0, 3.0]}]} for query in MetricDataQueries]

        return type("Pages", (), {"paginate": paginate})()


def test_sums_are_added_up_and_everything_else_is_the_highest() -> None:
    total, longest = (Metric.of("AWS/Lambda", "Duration", stat, FunctionName="f") for stat in ("Sum", "p99"))
    measured = Measured(CloudWatch(), [total, longest, total], Range(0, 3600))
    assert (measured[total], measured[longest]) == (4, 3)
    assert measured[Metric.of("AWS/Lambda", "Errors")] == 0


def test_many_metrics_are_asked_for_in_batches() -> None:
    client = CloudWatch()
    metrics = [Metric.of("AWS/SQS", "Sent", QueueName=str(number)) for number in range(measure.BATCH + 1)]
    measured = Measured(client, metrics, Range(0, 60))
    assert client.sizes == [measure.BATCH, 1]
    assert measured[metrics[-1]] == 4


@pytest.mark.parametrize(("hours", "period"), [(1, 60), (24, 300), (24 * 14, 3600)])
def test_the_longer_the_time_the_coarser_the_points(hours: int, period: int) -> None:
    assert Range(0, hours * 3600).period == period


class Logs:
    """Logs Insights; a query is under way when it is first asked for."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.asked: list[int] = []

    def start_query(self, logGroupNames: list[str], **_: Any) -> dict[str, str]:  # noqa: N803
        self.asked.append(len(logGroupNames))
        return {"queryId": "q"}

    def get_query_results(self, **_: str) -> dict[str, Any]:
        row = [{"field": "@log", "value": "123456789012:/aws/lambda/f"}, {"field": "runs", "value": "7"}]
        return {"status": self.states.pop(0), "results": [row]}


def test_rows_come_from_all_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "_POLL_SECONDS", 0)
    client = Logs("Running", "Complete", "Complete")
    rows = insights(client, [f"g{number}" for number in range(measure.GROUPS + 1)], "stats", Range(0, 60))
    assert client.asked == [measure.GROUPS, 1]
    assert len(rows) == 2
    assert by_function(rows) == {"f": {"runs": 7.0}}


def test_a_query_that_fails_is_said() -> None:
    with pytest.raises(Failure, match="Timeout"):
        insights(Logs("Timeout"), ["g"], "stats", Range(0, 60))
