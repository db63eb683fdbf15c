"""Installs the behaviours of Step Functions."""

from __future__ import annotations

from collections.abc import Callable

from scripts.local.cloudwatch.metrics import MetricStore
from scripts.local.functions.async_invocations import AsyncInvocations
from scripts.local.functions.functions import Functions
from scripts.local.workflows import definitions, machines, states, tokens, versions
from scripts.local.workflows.attempts import Attempts
from scripts.local.workflows.history_log import HistoryLog
from scripts.local.workflows.metrics import WorkflowMetrics
from scripts.local.workflows.parallel import Parallel
from scripts.local.workflows.runs import Runs
from scripts.local.workflows.tasks import Tasks


def install(
    functions: Functions, asynchronous: AsyncInvocations, store: MetricStore, changed: Callable[[], None]
) -> Runs:
    """Replace what ministack does differently; install it before tracing, which wraps the run of an execution."""
    runs = Runs(WorkflowMetrics(store), HistoryLog(), changed)
    runs.install()
    tasks = Tasks(functions, asynchronous, runs)
    tasks.install()
    Attempts(runs, tasks).install()
    Parallel(runs).install()
    states.install()
    versions.install()
    tokens.install()
    definitions.install()
    machines.install()
    return runs
