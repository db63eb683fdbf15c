"""What a deployed stack used over a range of time, by service, as far as AWS measures it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts import logs
from scripts.oncall.cost.model import Use
from scripts.oncall.measure import LAMBDA_REPORTS, Measured, Metric, Range, by_function, insights, listed
from scripts.oncall.order.tables import partition_key
from scripts.oncall.order.workflows import machines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.deployed import Deployed

PLATFORM = "platform"
"""What no single service owns: the gateway, and what is there without traffic."""

SAMPLED_EXECUTIONS = 5
LOG_BYTES = "stats sum(strlen(@message)) as bytes by @log"
_QUEUE_CALLS = ("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted", "NumberOfEmptyReceives")


@dataclass(frozen=True, slots=True)
class Function:
    """One function: invocations, GB-seconds and the mean of what is billed for one, in seconds."""

    key: str
    runs: float
    gb_seconds: float
    mean_seconds: float
    reserved: int | None


@dataclass(frozen=True, slots=True)
class Store:
    """A table, or an index of it, whose key then is not the table's: consumed units."""

    table: str
    index: str
    reads: float
    writes: float
    key: str


@dataclass(slots=True)
class Usage:
    """Everything that was measured; `fixed` is what a month costs without traffic."""

    orders: float = 0
    uses: list[Use] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    requests: float = 0
    events: float = 0
    deliveries: float = 0
    executions: float = 0
    transitions: float = 0
    fixed: list[Use] = field(default_factory=list)


def read(stack: Deployed, over: Range) -> Usage:
    """Return what was used."""
    usage = Usage()
    for part in (_functions, _gateway, _tables, _events, _workflows, _queues, _logs, _fixed):
        part(stack, over, usage)
    return usage


def _measured(stack: Deployed, over: Range, *metrics: Metric) -> Measured:
    return Measured(stack.environment.client("cloudwatch"), metrics, over)


def _functions(stack: Deployed, over: Range, usage: Usage) -> None:
    functions: dict[str, dict[str, Any]] = stack.outputs["functions"]
    client = stack.environment.client("lambda")
    runs = {key: Metric.of("AWS/Lambda", "Invocations", FunctionName=one["name"]) for key, one in functions.items()}
    measured = _measured(stack, over, *runs.values())
    groups = [f"/aws/lambda/{one['name']}" for one in functions.values()]
    reports = by_function(insights(stack.environment.client("logs"), groups, LAMBDA_REPORTS, over))
    for key, one in sorted(functions.items()):
        configuration = client.get_function_configuration(FunctionName=one["name"], Qualifier=one["alias"])
        told = reports.get(one["name"], {})
        seconds = told.get("billed_ms", 0) / 1000
        # Billed time is told by the log, invocations by the metric; a log that was cut off must not make it cheap.
        mean = seconds / told["runs"] if told.get("runs") else 0.0
        count = measured[runs[key]]
        used = count * mean * configuration["MemorySize"] / 1024
        architecture = configuration.get("Architectures", ["x86_64"])[0]
        reserved = client.get_function_concurrency(FunctionName=one["name"]).get("ReservedConcurrentExecutions")
        service = key.partition(".")[0]
        usage.functions.append(Function(key, count, used, mean, reserved))
        usage.uses += [
            Use(service, key, "lambda_request", count),
            Use(service, key, f"lambda_gb_second_{architecture}", used),
        ]


def _gateway(stack: Deployed, over: Range, usage: Usage) -> None:
    client = stack.environment.client("apigateway")
    api = client.get_rest_api(restApiId=stack.outputs["rest_api_id"])["name"]
    count = Metric.of("AWS/ApiGateway", "Count", ApiName=api)
    usage.requests = _measured(stack, over, count)[count]
    usage.uses.append(Use(PLATFORM, "gateway", "api_request", usage.requests))


def _tables(stack: Deployed, over: Range, usage: Usage) -> None:
    client = stack.environment.client("dynamodb")
    owners = {
        table: service
        for service, tables in stack.outputs.get("tables_by_service", {}).items()
        for table in tables.values()
    }
    stores = [found for table in sorted(stack.outputs["tables"].values()) for found in _stores(client, table)]
    names = {"reads": "ConsumedReadCapacityUnits", "writes": "ConsumedWriteCapacityUnits"}
    metrics = {
        (store, kind): Metric.of("AWS/DynamoDB", name, **_dimensions(store))
        for store in stores
        for kind, name in names.items()
    }
    measured = _measured(stack, over, *metrics.values())
    for store in stores:
        reads, writes = (measured[metrics[store, kind]] for kind in names)
        usage.stores.append(Store(store.table, store.index, reads, writes, store.key))
        service = owners.get(store.table, PLATFORM)
        usage.uses += [
            Use(service, store.table, "dynamodb_read_unit", reads),
            Use(service, store.table, "dynamodb_write_unit", writes),
        ]


def _stores(client: Any, table: str) -> Iterator[Store]:
    """The table and its indexes, without figures; an index's key is told where it is not the table's."""
    described = client.describe_table(TableName=table)["Table"]
    own = partition_key(described)
    yield Store(table, "", 0, 0, "")
    for index in described.get("GlobalSecondaryIndexes", []):
        key = partition_key(index)
        yield Store(table, index["IndexName"], 0, 0, "" if key == own else key)


def _dimensions(store: Store) -> dict[str, str]:
    index = {"GlobalSecondaryIndexName": store.index} if store.index else {}
    return {"TableName": store.table, **index}


def _events(stack: Deployed, over: Range, usage: Usage) -> None:
    """Orders and events as our own metrics count them, by service; deliveries as EventBridge does, by rule."""
    client = stack.environment.client("cloudwatch")
    counted = {name: listed(client, stack.name, name) for name in ("OrdersPlaced", "EventsPublished")}
    rules = _rules(client, stack.name)
    measured = _measured(stack, over, *counted["OrdersPlaced"], *counted["EventsPublished"], *rules)
    usage.orders = sum(measured[metric] for metric in counted["OrdersPlaced"])
    usage.deliveries = sum(measured[metric] for metric in rules)
    for metric in counted["EventsPublished"]:
        usage.events += measured[metric]
        service = dict(metric.dimensions).get("service", PLATFORM)
        usage.uses.append(Use(service, "events", "event", measured[metric]))


def _rules(client: Any, prefix: str) -> list[Metric]:
    """The deliveries of each of the stack's rules, once: they are told with and without the name of the bus."""
    by_rule: dict[str, Metric] = {}
    for metric in listed(client, "AWS/Events", "Invocations"):
        rule = dict(metric.dimensions).get("RuleName", "")
        known = by_rule.get(rule)
        if rule.startswith(prefix) and (known is None or len(metric.dimensions) > len(known.dimensions)):
            by_rule[rule] = metric
    return list(by_rule.values())


def _workflows(stack: Deployed, over: Range, usage: Usage) -> None:
    """Executions are counted; how many transitions one has is looked up in the history of the newest ones."""
    client = stack.environment.client("stepfunctions")
    for machine in machines(client, f"{stack.name}-"):
        arn = machine["stateMachineArn"]
        started = Metric.of("AWS/States", "ExecutionsStarted", StateMachineArn=arn)
        count = _measured(stack, over, started)[started]
        if not count:
            continue
        transitions = count * _transitions(client, arn)
        usage.executions += count
        usage.transitions += transitions
        service = machine["name"].removeprefix(f"{stack.name}-").partition("-")[0]
        usage.uses.append(Use(service, machine["name"], "workflow_transition", transitions))


def _transitions(client: Any, arn: str) -> float:
    ended = client.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED", maxResults=SAMPLED_EXECUTIONS)
    counts = []
    for execution in ended["executions"]:
        pages = client.get_paginator("get_execution_history").paginate(executionArn=execution["executionArn"])
        events = [event["type"] for page in pages for event in page["events"]]
        # A retry of a task is a transition as well.
        counts.append(sum(kind.endswith(("StateEntered", "TaskFailed")) for kind in events) + 1)
    return sum(counts) / len(counts) if counts else 0.0


def _queues(stack: Deployed, over: Range, usage: Usage) -> None:
    """One request per message and step: what is sent or received in batches costs less than is told here."""
    client = stack.environment.client("sqs")
    pages = client.get_paginator("list_queues").paginate(QueueNamePrefix=f"{stack.name}-")
    names = [url.rpartition("/")[2] for page in pages for url in page.get("QueueUrls", [])]
    metrics = {name: [Metric.of("AWS/SQS", call, QueueName=name) for call in _QUEUE_CALLS] for name in names}
    measured = _measured(stack, over, *(metric for each in metrics.values() for metric in each))
    for name, each in metrics.items():
        service = name.removeprefix(f"{stack.name}-").partition("-")[0]
        usage.uses.append(Use(service, name, "queue_request", sum(measured[metric] for metric in each)))


def _logs(stack: Deployed, over: Range, usage: Usage) -> None:
    client = stack.environment.client("logs")
    groups = logs.log_groups(client, stack.environment.name)
    metrics = {group: Metric.of("AWS/Logs", "IncomingBytes", LogGroupName=group) for group in groups}
    measured = _measured(stack, over, *metrics.values())
    told = {group: measured[metric] for group, metric in metrics.items()}
    if not any(told.values()):
        rows = insights(client, list(groups), LOG_BYTES, over)
        told |= {row["@log"].partition(":")[2]: float(row["bytes"]) for row in rows}
    for group, count in told.items():
        service = groups.get(group, PLATFORM).partition(".")[0]
        owner = PLATFORM if service in ("gateway", "workflow") else service
        usage.uses.append(Use(owner, group, "log_gigabyte", count / 1e9))


def _fixed(stack: Deployed, _over: Range, usage: Usage) -> None:
    pages = (
        stack.environment.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"{stack.name}-")
    )
    alarms = [one for page in pages for one in page.get("MetricAlarms", [])]
    watched = sum(sum("MetricStat" in query for query in one.get("Metrics", [])) or 1 for one in alarms)
    secrets = stack.environment.client("secretsmanager").get_paginator("list_secrets").paginate()
    named = [one for page in secrets for one in page["SecretList"] if stack.name in one["Name"].replace("/", "-")]
    usage.fixed = [
        Use(PLATFORM, f"{len(alarms)} alarms", "alarm_metric_month", watched),
        Use(PLATFORM, "1 key", "key_month", 1),
        Use(PLATFORM, f"{len(named)} secrets", "secret_month", len(named)),
    ]
