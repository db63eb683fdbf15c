"""Logs Insights' API: StartQuery, GetQueryResults, StopQuery, and saved queries."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from scripts.local import engine
from scripts.local.cloudwatch import insights
from scripts.local.cloudwatch.insights_parser import QueryError
from scripts.local.cloudwatch.insights_values import Record
from scripts.local.settings import ACCOUNT_ID

ROWS_KEPT = 50_000
"""Results are kept until newer ones have this many rows; AWS keeps them for seven days."""

_STATE = "query_definitions"
Answer = tuple[int, dict[str, str], bytes]


class QueryRefusedError(Exception):
    """A request that is refused with an error code of CloudWatch Logs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Insights:
    """The queries that ran, and the saved ones by id."""

    def __init__(self) -> None:
        self._results: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._definitions: dict[str, dict[str, Any]] = {}

    def install(self) -> None:
        """Answer the operations on queries; the saved queries are part of the saved state of CloudWatch Logs."""
        logs = engine.service("cloudwatch_logs")
        handle, state, load = logs.handle_request, logs.get_state, logs.load_persisted_state
        operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "StartQuery": self._start,
            "GetQueryResults": self._get_results,
            "StopQuery": self._stop,
            "PutQueryDefinition": self._put,
            "DescribeQueryDefinitions": self._describe,
            "DeleteQueryDefinition": self._delete,
        }

        async def handle_request(
            method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
        ) -> Answer:
            operation = operations.get(headers.get("x-amz-target", "").rpartition(".")[2])
            if operation is not None:
                return await asyncio.to_thread(_answer, operation, json.loads(body or b"{}"))
            found: Answer = await handle(method, path, headers, body, query_params)
            return found

        def load_persisted_state(data: Any) -> None:
            load(data)
            self._definitions = dict((data or {}).get(_STATE) or {})

        logs.handle_request = handle_request
        logs.get_state = lambda: {**state(), _STATE: dict(self._definitions)}
        logs.load_persisted_state = load_persisted_state

    def _start(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Run the query at once; its times are epoch seconds, both included."""
        groups = _groups(sent)
        first, last = int(sent["startTime"]) * 1000, int(sent["endTime"]) * 1000 + 999
        records = [record for name in groups for record in _records(name, first, last)]
        records.sort(key=lambda record: record["@timestamp"], reverse=True)
        try:
            outcome = insights.run(sent.get("queryString", ""), records, sent.get("limit"))
        except QueryError as error:
            raise QueryRefusedError("MalformedQueryException", str(error)) from error
        query = str(uuid.uuid4())
        self._results[query] = {
            "queryLanguage": "CWLI",
            "results": [[{"field": name, "value": value} for name, value in row] for row in outcome.rows],
            "statistics": {
                "recordsMatched": float(outcome.matched),
                "recordsScanned": float(len(records)),
                "bytesScanned": float(sum(len(record["@message"]) for record in records)),
            },
            "status": "Complete",
        }
        while len(self._results) > 1 and sum(1 + len(one["results"]) for one in self._results.values()) > ROWS_KEPT:
            self._results.popitem(last=False)
        return {"queryId": query}

    def _get_results(self, sent: dict[str, Any]) -> dict[str, Any]:
        if sent.get("queryId") not in self._results:
            raise QueryRefusedError("ResourceNotFoundException", f"Query {sent.get('queryId')} does not exist.")
        return self._results[sent["queryId"]]

    def _stop(self, sent: dict[str, Any]) -> dict[str, Any]:
        """A query has always ended; AWS says so in the same words."""
        self._get_results(sent)
        raise QueryRefusedError("InvalidParameterException", "Query is not running and cannot be cancelled.")

    def _put(self, sent: dict[str, Any]) -> dict[str, Any]:
        given = sent.get("queryDefinitionId")
        if given and given not in self._definitions:
            raise QueryRefusedError("ResourceNotFoundException", f"Query definition {given} does not exist.")
        key = given or str(uuid.uuid4())
        self._definitions[key] = {
            "queryDefinitionId": key,
            "queryLanguage": "CWLI",
            "name": sent["name"],
            "queryString": sent["queryString"],
            "logGroupNames": sent.get("logGroupNames") or [],
            "lastModified": int(time.time() * 1000),
        }
        return {"queryDefinitionId": key}

    def _describe(self, sent: dict[str, Any]) -> dict[str, Any]:
        prefix, size = sent.get("queryDefinitionNamePrefix") or "", sent.get("maxResults") or 1000
        found = sorted(
            (one for one in self._definitions.values() if one["name"].startswith(prefix)), key=lambda one: one["name"]
        )
        start = int(sent.get("nextToken") or 0)
        more = {"nextToken": str(start + size)} if len(found) > start + size else {}
        return {"queryDefinitions": found[start : start + size], **more}

    def _delete(self, sent: dict[str, Any]) -> dict[str, Any]:
        if self._definitions.pop(sent.get("queryDefinitionId", ""), None) is None:
            raise QueryRefusedError("ResourceNotFoundException", "The query definition does not exist.")
        return {"success": True}


def _answer(operation: Callable[[dict[str, Any]], dict[str, Any]], sent: dict[str, Any]) -> Answer:
    responses = engine.core("responses")
    try:
        found: Answer = responses.json_response(operation(sent))
    except QueryRefusedError as error:
        found = responses.error_response_json(error.code, str(error), 400)
    return found


def _groups(sent: dict[str, Any]) -> list[str]:
    logs = engine.service("cloudwatch_logs")
    found: list[str] = logs._resolve_query_log_groups(sent)
    if not found:
        raise QueryRefusedError("InvalidParameterException", "A query needs at least one log group.")
    for name in found:
        if name not in logs._log_groups:
            raise QueryRefusedError("ResourceNotFoundException", f"Log group '{name}' does not exist.")
    return found


def _records(group: str, first: int, last: int) -> list[Record]:
    """The events of a group from `first` to `last`, in epoch ms."""
    streams = engine.service("cloudwatch_logs")._log_groups[group]["streams"]
    return [
        insights.record(event, f"{ACCOUNT_ID}:{group}", name, f"{group}/{name}/{number}")
        for name, stream in list(streams.items())
        for number, event in enumerate(list(stream["events"]))
        if first <= event["timestamp"] <= last
    ]
