"""Rows of an order in every table that keeps rows by order: its events, its projection, its stock, its payment."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from scripts.oncall.order.timeline import UNKNOWN, Entry, seconds
from scripts.oncall.redrive.streams import TIMES
from shared.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "order_id"
MOST_FIELDS = 9
FIELD_LENGTH = 48


def read(client: Any, tables: dict[str, str], order_id: str) -> tuple[list[Entry], list[str]]:
    """Return the order's rows, and the logical names of the tables that cannot be searched by order."""
    found: list[Entry] = []
    apart = []
    for logical, table in sorted(tables.items()):
        described = client.describe_table(TableName=table)["Table"]
        access = _access(described)
        if access is None:
            apart.append(logical)
            continue
        keys = {one["AttributeName"] for one in described["KeySchema"]}
        found += [_entry(logical, item, keys) for item in _query(client, table, access, order_id)]
    return found, apart


def _access(table: dict[str, Any]) -> dict[str, Any] | None:
    """How to query by order: the table itself, or an index; None when neither has the order as its partition key."""
    if partition_key(table) == KEY:
        return {"ConsistentRead": True}
    for index in table.get("GlobalSecondaryIndexes", []):
        if partition_key(index) == KEY:
            return {"IndexName": index["IndexName"]}
    return None


def partition_key(schema: dict[str, Any]) -> str:
    """Return the partition key of a table or of an index, as DescribeTable tells it."""
    return next(str(one["AttributeName"]) for one in schema["KeySchema"] if one["KeyType"] == "HASH")


def _query(client: Any, table: str, access: dict[str, Any], order_id: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="#key = :id",
        ExpressionAttributeNames={"#key": KEY},
        ExpressionAttributeValues={":id": {"S": order_id}},
        **access,
    )
    plain = TypeDeserializer()
    for page in pages:
        for item in page["Items"]:
            yield {name: plain.deserialize(value) for name, value in item.items()}


def _entry(table: str, item: dict[str, Any], keys: set[str]) -> Entry:
    at = _time(item)
    place = f"table {table}"
    if {"event_id", "type", "sequence"} <= item.keys():
        return Entry(
            at, place, f"{item['type']} #{item['sequence']}  {item['event_id']}  {_fields(item.get('data', {}))}"
        )
    shown = {name: value for name, value in item.items() if name != KEY and (name in keys or name not in TIMES)}
    return Entry(at, place, _fields(shown))


def _time(item: dict[str, Any]) -> float:
    """When an item changed last, as far as its attributes tell; UNKNOWN for one without a time."""
    own = [name for name in TIMES if name in item]
    others = [name for name in item if name.endswith("_at") and name != "expires_at"]
    found = []
    for name in own[:1] or others:
        try:
            found.append(seconds(str(item[name])))
        except ValueError:
            continue
    return max(found, default=UNKNOWN)


def _fields(item: dict[str, Any]) -> str:
    texts = (f"{name}={_short(value)}" for name, value in redact(item).items())
    return " ".join(list(texts)[:MOST_FIELDS])


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value == int(value) else str(value)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=_number)
    return text if len(text) <= FIELD_LENGTH else text[: FIELD_LENGTH - 1] + "…"
