"""Installs our behaviours in place of ministack's; the list of modules here is the list of what we own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.local import engine, object_tags, roles, vpc_endpoints
from scripts.local.cloudwatch import alarms
from scripts.local.cloudwatch.bulk_events import BulkEvents
from scripts.local.cloudwatch.observability import Observability
from scripts.local.codedeploy import service as codedeploy
from scripts.local.functions import async_metrics, invoke_api, lambda_actions, resource_policies
from scripts.local.functions.async_invocations import AsyncInvocations
from scripts.local.functions.functions import Functions
from scripts.local.functions.provisioned_concurrency import ProvisionedConcurrency
from scripts.local.gateway import control as gateway_control
from scripts.local.gateway.execute_api import Gateway
from scripts.local.gateway.functions import FunctionIntegrations
from scripts.local.secret_rotation import SecretRotation
from scripts.local.settings import Settings
from scripts.local.sources import source_metrics
from scripts.local.sources.event_sources import EventSources
from scripts.local.sources.message_moves import MessageMoves
from scripts.local.sources.wake import Wake
from scripts.local.table_journal import TableJournal
from scripts.local.targets import event_bus
from scripts.local.targets.schedules import Schedules
from scripts.local.targets.target_deliveries import TargetDeliveries
from scripts.local.workflows import service as workflows
from scripts.local.workflows.runs import Runs
from scripts.local.xray import service as xray
from scripts.local.xray.tracer import Tracer


@dataclass(frozen=True, slots=True)
class Behaviours:
    """What the server process needs of the installed behaviours."""

    functions: Functions
    asynchronous: AsyncInvocations
    event_sources: EventSources
    deliveries: TargetDeliveries
    schedules: Schedules
    runs: Runs
    bulk_events: BulkEvents
    tracer: Tracer
    observability: Observability

    def environments(self) -> int:
        return self.functions.environments()

    def stop_sources(self) -> None:
        """Take no new work from event sources."""
        self.event_sources.stop()
        self.schedules.stop()
        self.deliveries.stop()
        self.runs.stop()
        self.asynchronous.stop()
        self.observability.stop()

    def idle(self) -> bool:
        parts = (self.functions, self.event_sources, self.asynchronous, self.deliveries, self.runs)
        return all(part.idle() for part in parts)

    def save(self) -> None:
        """Write what is saved only when the cloud stops."""
        self.bulk_events.save()
        self.tracer.store.save()
        self.observability.save()

    def close(self) -> None:
        self.functions.close()


def install(settings: Settings, changed: Callable[[], None]) -> Behaviours:
    """Replace ministack's functions. `changed` tells the snapshots that state changed outside a request."""
    tracer = Tracer(settings.state_dir)
    functions = Functions(settings, tracer.daemon_address)
    asynchronous = AsyncInvocations(functions, changed)
    wake = Wake()
    journal = TableJournal(settings.state_dir)
    event_sources = EventSources(
        functions, wake, lambda mapping, position: journal.add("at", mapping, position), changed
    )
    bulk_events = BulkEvents(settings.state_dir / "events.json")
    observability = Observability(settings, functions, changed)
    journal.install(wake.notify)
    observability.install()
    event_sources.install()
    bulk_events.install()
    roles.install()
    lambda_actions.install()
    provisioned = _install_invocations(functions, asynchronous, changed)
    MessageMoves(changed).install()
    deliveries = TargetDeliveries(asynchronous, changed)
    deliveries.install()
    event_bus.install(deliveries)
    schedules = Schedules(deliveries, changed)
    schedules.install()
    source_metrics.install(observability, event_sources, deliveries)
    async_metrics.install(observability.metrics, asynchronous)
    alarms.install()
    object_tags.install()
    vpc_endpoints.install()
    gateway_control.install()
    Gateway(FunctionIntegrations(functions, asynchronous), settings.endpoint, changed).install()
    SecretRotation(functions, changed).install()
    runs = workflows.install(functions, asynchronous, observability.metrics, changed)
    xray.install(tracer, functions)
    release = codedeploy.install(changed)
    app = engine.app()
    load_snapshot = app._load_persisted_state

    def restore() -> None:
        load_snapshot()
        bulk_events.restore()
        tracer.store.restore()
        journal.restore()
        for part in (observability, event_sources, deliveries, schedules, asynchronous, provisioned, release, runs):
            part.start()

    app._load_persisted_state = restore
    return Behaviours(
        functions, asynchronous, event_sources, deliveries, schedules, runs, bulk_events, tracer, observability
    )


def _install_invocations(
    functions: Functions, asynchronous: AsyncInvocations, changed: Callable[[], None]
) -> ProvisionedConcurrency:
    """Every way to run a function ends in `functions`."""
    asynchronous.install()
    provisioned = ProvisionedConcurrency(functions, changed)
    provisioned.install()
    invoke_api.install(functions, asynchronous)
    resource_policies.install(asynchronous)
    return provisioned
