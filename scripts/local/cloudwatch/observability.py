"""Metrics, alarms and queries on logs: the parts of CloudWatch, put together."""

from __future__ import annotations

from collections.abc import Callable

from scripts.local.cloudwatch import alarm_actions, lambda_metrics, metric_api, metric_filters
from scripts.local.cloudwatch.alarm_suppression import Suppression
from scripts.local.cloudwatch.alarm_watch import AlarmWatch
from scripts.local.cloudwatch.insights_api import Insights
from scripts.local.cloudwatch.metric_file import MetricFile
from scripts.local.cloudwatch.metrics import MetricStore
from scripts.local.cloudwatch.queue_metrics import QueueMetrics
from scripts.local.cloudwatch.table_metrics import TableMetrics
from scripts.local.functions.functions import Functions
from scripts.local.settings import Settings


class Observability:
    """Owns the metric store and what fills and watches it."""

    def __init__(self, settings: Settings, functions: Functions, changed: Callable[[], None]) -> None:
        self.metrics = MetricStore()
        self._functions = functions
        self._queues = QueueMetrics(self.metrics)
        self._file = MetricFile(self.metrics, settings.state_dir)
        self.samplers: list[Callable[[], None]] = [self._queues.sample]
        self._alarms = AlarmWatch(self.metrics, changed, self.samplers, self._file.flush)

    def install(self) -> None:
        metric_api.install(self.metrics)
        lambda_metrics.install(self.metrics, self._functions)
        self._queues.install()
        TableMetrics(self.metrics).install()
        metric_filters.install(self.metrics)
        Insights().install()
        suppression = Suppression(alarm_actions.act, self._alarms.speed)
        alarm_actions.install(suppression)
        self._alarms.install(suppression.tick)

    def start(self) -> None:
        """Go on with what was saved."""
        self._file.restore()
        self._alarms.start()

    def stop(self) -> None:
        """Evaluate nothing more."""
        self._alarms.stop()

    def save(self) -> None:
        self._file.save()
