"""AWS/DynamoDB metrics: consumed capacity by table and index, latency by operation, failed conditions, user errors.

Nothing is ever throttled here, and metrics of throttles are only reported when there are some.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from scripts.local import engine
from scripts.local.cloudwatch.metrics import MetricStore

NAMESPACE = "AWS/DynamoDB"
_SINGLE = ("put_item", "update_item", "delete_item", "get_item", "query", "scan")
_SEVERAL = ("batch_write_item", "batch_get_item", "transact_write_items", "transact_get_items")
_READS = ("get_item", "query", "scan", "batch_get_item", "transact_get_items")

Answer = tuple[int, dict[str, str], bytes]
Operation = Callable[[dict[str, Any]], Answer]


class TableMetrics:
    """Measures every operation on items."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store

    def install(self) -> None:
        tables = engine.service("dynamodb")
        for name in _SINGLE:
            setattr(tables, f"_{name}", self._measured(name, getattr(tables, f"_{name}")))
        for name in _SEVERAL:
            operation = self._with_capacity(getattr(tables, f"_{name}"), read=name in _READS)
            setattr(tables, f"_{name}", self._measured(name, operation))
        add_capacity = tables._add_consumed_capacity

        def add_and_record(result: dict[str, Any], data: dict[str, Any], *rest: Any, **more: Any) -> None:
            """What one operation consumes; ministack knows it also when nobody asks."""
            found: dict[str, Any] = {}
            add_capacity(found, {**data, "ReturnConsumedCapacity": "INDEXES"}, *rest, **more)
            self._consumed([found["ConsumedCapacity"]], read=not (more.get("write") or (len(rest) > 1 and rest[1])))
            add_capacity(result, data, *rest, **more)

        tables._add_consumed_capacity = add_and_record

    def _measured(self, name: str, operation: Operation) -> Operation:
        action = "".join(part.capitalize() for part in name.split("_"))

        def run(data: dict[str, Any]) -> Answer:
            started = time.perf_counter()
            answer = operation(data)
            table = str(data.get("TableName") or "").rpartition("/")[2]
            if answer[0] >= 400:
                self._failed(table, answer[2])
            elif table:
                took = (time.perf_counter() - started) * 1000
                dimensions = {"TableName": table, "Operation": action}
                self._store.record(NAMESPACE, "SuccessfulRequestLatency", took, "Milliseconds", dimensions)
            return answer

        return run

    def _failed(self, table: str, body: bytes) -> None:
        kind = str(json.loads(body).get("__type", ""))
        if kind.endswith("ConditionalCheckFailedException"):
            self._store.record(NAMESPACE, "ConditionalCheckFailedRequests", 1.0, "Count", {"TableName": table})
        else:
            self._store.record(NAMESPACE, "UserErrors", 1.0, "Count")

    def _with_capacity(self, operation: Operation, *, read: bool) -> Operation:
        """Ask for the capacity of a batch or a transaction, and leave it out of the answer if the caller did not."""

        def run(data: dict[str, Any]) -> Answer:
            asked = data.get("ReturnConsumedCapacity", "NONE") != "NONE"
            answer = operation(data if asked else {**data, "ReturnConsumedCapacity": "INDEXES"})
            if answer[0] >= 400:
                return answer
            content = json.loads(answer[2])
            self._consumed(content.get("ConsumedCapacity") or (), read=read)
            if asked:
                return answer
            content.pop("ConsumedCapacity", None)
            return answer[0], answer[1], json.dumps(content).encode()

        return run

    def _consumed(self, capacities: Iterable[dict[str, Any]], *, read: bool) -> None:
        name = "ConsumedReadCapacityUnits" if read else "ConsumedWriteCapacityUnits"
        for capacity in capacities:
            of_table = {"TableName": str(capacity["TableName"])}
            own = capacity.get("Table", capacity)["CapacityUnits"]
            if own:
                self._store.record(NAMESPACE, name, float(own), "Count", of_table)
            for index, units in (capacity.get("GlobalSecondaryIndexes") or {}).items():
                dimensions = {**of_table, "GlobalSecondaryIndexName": index}
                self._store.record(NAMESPACE, name, float(units["CapacityUnits"]), "Count", dimensions)
