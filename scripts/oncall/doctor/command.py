"""`make doctor`: reads configuration, metrics and logs of everything that is deployed, and says what to change."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scripts.console import console, fail, say, show_table, step
from scripts.deployed import Deployed
from scripts.environment import ROOT
from scripts.logs import seconds
from scripts.oncall.doctor import findings
from scripts.oncall.doctor.findings import Finding, Health, Severity, Trigger
from scripts.oncall.measure import LAMBDA_REPORTS, LAMBDA_TIMEOUTS, Measured, Metric, Range, by_function, insights
from scripts.oncall.order.workflows import machines
from scripts.oncall.redrive import topology
from scripts.rollout.change import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.environment import Environment

STYLES = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
NEEDED = {"Invocations": "Sum", "Errors": "Sum", "Throttles": "Sum", "Duration": "p99"}


def examine(environment: Environment, *, since: str = "1h") -> None:
    """Print what is not well, the worst first.

    Args:
        environment: where.
        since: how far to look back: 15m, 1h, 2d.

    Raises:
        Failure: something needs a person (notes alone do not), or nothing is deployed.
    """
    stack = Deployed.read(environment)
    over = Range.last(seconds(since))
    found: list[Finding] = []
    functions = 0
    with step(f"Examining {environment.name}") as current:
        for part in (_functions, _triggers, _failure_queues, _alarms, _tables, _workflows):
            current.note(part.__name__.strip("_").replace("_", " "))
            found += part(stack, over)
        functions = len(stack.outputs["functions"])
        current.result = f"{functions} functions and what belongs to them, over the last {since}"
    _print(sorted(found, key=lambda one: (-one.severity, one.subject)))
    bad = Counter(one.severity for one in found if one.severity > Severity.NOTE)
    if bad:
        fail(
            f"{bad.total()} findings, {bad[Severity.CRITICAL]} of them critical",
            "each says what to change and where; then run it again",
        )
    say("nothing needs a person", style="green")


def _print(found: list[Finding]) -> None:
    for one in found:
        console.print(f"[{STYLES[one.severity]}]{one.severity.name.lower():<8}[/]", end=" ")
        say(f"{one.subject}: {one.seen}")
    if found:
        console.print()
        show_table(("what", "change", "where"), [(one.subject, one.change, one.where) for one in found])


def _functions(stack: Deployed, over: Range) -> Iterator[Finding]:
    functions: dict[str, dict[str, Any]] = stack.outputs["functions"]
    cloudwatch, logs = stack.environment.client("cloudwatch"), stack.environment.client("logs")
    metrics = {key: _metrics(one["name"], one["alias"]) for key, one in functions.items()}
    measured = Measured(cloudwatch, (metric for each in metrics.values() for metric in each.values()), over)
    groups = [f"/aws/lambda/{one['name']}" for one in functions.values()]
    reports = by_function(insights(logs, groups, LAMBDA_REPORTS, over))
    timeouts = by_function(insights(logs, groups, LAMBDA_TIMEOUTS, over))
    client, alarms = stack.environment.client("lambda"), _alarm_names(cloudwatch, stack.name)
    for key, one in sorted(functions.items()):
        told = reports.get(one["name"], {}) | timeouts.get(one["name"], {})
        numbers = {name: measured[metric] for name, metric in metrics[key].items()}
        health = _health(client, key, one, numbers, told)
        yield from findings.of_function(replace(health, may_be_slow=f"{one['name']}-duration" not in alarms))


def _alarm_names(client: Any, stack: str) -> set[str]:
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack}-")
    return {one["AlarmName"] for page in pages for one in page["MetricAlarms"]}


def _metrics(name: str, alias: str) -> dict[str, Metric]:
    of_alias = {"FunctionName": name, "Resource": f"{name}:{alias}"}
    found = {metric: Metric.of("AWS/Lambda", metric, stat, **of_alias) for metric, stat in NEEDED.items()}
    return found | {
        "IteratorAge": Metric.of("AWS/Lambda", "IteratorAge", "Maximum", FunctionName=name),
        "AsyncEventsDropped": Metric.of("AWS/Lambda", "AsyncEventsDropped", "Sum", FunctionName=name),
    }


def _health(client: Any, key: str, one: dict[str, Any], numbers: dict[str, float], told: dict[str, float]) -> Health:
    configuration = client.get_function_configuration(FunctionName=one["name"], Qualifier=one["alias"])
    version, weights = serving(client, one["name"], one["alias"])
    return Health(
        key=key,
        memory_mb=int(configuration["MemorySize"]),
        timeout_s=int(configuration["Timeout"]),
        place=place(key),
        runs=numbers["Invocations"],
        errors=numbers["Errors"],
        throttles=numbers["Throttles"],
        p99_ms=numbers["Duration"],
        behind_ms=numbers["IteratorAge"],
        dropped=numbers["AsyncEventsDropped"],
        timeouts=told.get("timeouts", 0),
        used_mb=told.get("used_mb", 0),
        cold=told.get("cold", 0),
        init_ms=told.get("init_ms", 0),
        serving=version,
        newest=str(one["version"]),
        weights=weights,
    )


def place(key: str) -> str:
    """Return where a function's settings are: "terraform/services/orders/functions.tf:11"."""
    service, _, name = key.partition(".")
    folder = ROOT / "terraform" / "services" / service
    for path in sorted(folder.glob("*.tf")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.match(rf"\s+{re.escape(name)}\s+= \{{", line):
                return f"{path.relative_to(ROOT)}:{number}"
    return str(folder.relative_to(ROOT))


def _triggers(stack: Deployed, _over: Range) -> Iterator[Finding]:
    client, sqs = stack.environment.client("lambda"), stack.environment.client("sqs")
    for key, one in sorted(stack.outputs["functions"].items()):
        for page in client.get_paginator("list_event_source_mappings").paginate(FunctionName=one["alias_arn"]):
            for mapping in page["EventSourceMappings"]:
                source = mapping["EventSourceArn"].split(":", 5)[5].partition("/stream/")[0]
                visibility = _visibility(sqs, mapping["EventSourceArn"])
                timeout = client.get_function_configuration(FunctionName=one["name"])["Timeout"]
                result = str(mapping.get("LastProcessingResult") or "")
                yield from findings.of_trigger(
                    Trigger(key, source, mapping["State"], result, mapping["UUID"], visibility, int(timeout))
                )


def _visibility(sqs: Any, arn: str) -> int | None:
    if arn.split(":")[2] != "sqs":
        return None
    url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    wanted = "VisibilityTimeout"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[wanted])["Attributes"][wanted])


def _failure_queues(stack: Deployed, over: Range) -> Iterator[Finding]:
    waiting = [queue for queue in topology.read(stack) if queue.waiting]
    ages = {
        one.name: Metric.of("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", QueueName=one.name)
        for one in waiting
    }
    measured = Measured(stack.environment.client("cloudwatch"), ages.values(), over)
    for queue in waiting:
        yield from findings.of_failure_queue(queue.name, queue.waiting, measured[ages[queue.name]])


def _alarms(stack: Deployed, _over: Range) -> Iterator[Finding]:
    client = stack.environment.client("cloudwatch")
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack.name}-", StateValue="ALARM")
    for page in pages:
        for one in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])):
            description = str(one.get("AlarmDescription") or "")
            yield findings.of_alarm(one["AlarmName"], str(one.get("StateReason") or ""), description)


def _tables(stack: Deployed, over: Range) -> Iterator[Finding]:
    names = ("ReadThrottleEvents", "WriteThrottleEvents")
    tables = sorted(stack.outputs["tables"].values())
    metrics = {table: [Metric.of("AWS/DynamoDB", name, TableName=table) for name in names] for table in tables}
    client = stack.environment.client("cloudwatch")
    measured = Measured(client, (metric for each in metrics.values() for metric in each), over)
    for table in tables:
        count = sum(measured[metric] for metric in metrics[table])
        change = "one hot key, or more traffic than the table has grown to"
        yield from findings.of_count(table, count, "requests were refused", change, "docs/runbooks/table-throttles.md")


def _workflows(stack: Deployed, over: Range) -> Iterator[Finding]:
    names = ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted")
    found = {
        one["name"]: one["stateMachineArn"] for one in machines(stack.environment.client("stepfunctions"), stack.name)
    }
    metrics = {
        name: [Metric.of("AWS/States", metric, StateMachineArn=arn) for metric in names] for name, arn in found.items()
    }
    client = stack.environment.client("cloudwatch")
    measured = Measured(client, (metric for each in metrics.values() for metric in each), over)
    for name, each in metrics.items():
        count = sum(measured[metric] for metric in each)
        change = "see what failed, and for which orders"
        yield from findings.of_count(name, count, "executions did not succeed", change, "make order ID=<order>")
