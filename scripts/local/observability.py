"""Metrics, alarms and queries on logs: the parts of CloudWatch, put together."""

from __future__ import annotations

from collections.abc import Callable

from scripts.local import alarm_actions, lambda_metrics, metric_api, metric_filters
from scripts.local.alarm_watch import AlarmWatch
from scripts.local.functions import Functions
from scripts.local.insights_api import Insights
from scripts.local.metric_file import MetricFile
from scripts.local.metrics import MetricStore
from scripts.local.queue_metrics import QueueMetrics
from scripts.local.settings import Settings
from scripts.local.table_metrics import TableMetrics


class Observability:
    """Owns the metric store and what fills and watches it."""

    def __init__(self, settings: Settings, functions: Functions, changed: Callable[[], None]) -> None:
        self.metrics = MetricStore()
        self._functions = functions
        self._queues = QueueMetrics(self.metrics)
        self._file = MetricFile(self.metrics, settings.state_dir)
        self._alarms = AlarmWatch(self.metrics, changed, self._queues.sample, self._file.flush)

    def install(self) -> None:
        metric_api.install(self.metrics)
        lambda_metrics.install(self.metrics, self._functions)
        self._queues.install()
        TableMetrics(self.metrics).install()
        metric_filters.install(self.metrics)
        Insights().install()
        alarm_actions.install()
        self._alarms.install()

    def start(self) -> None:
        """Go on with what was saved."""
        self._file.restore()
        self._alarms.start()

    def stop(self) -> None:
        """Evaluate nothing more."""
        self._alarms.stop()

    def save(self) -> None:
        self._file.save()
