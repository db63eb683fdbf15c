"""Partial batch failures of stream triggers. Importing pulls in nothing beyond the standard library.

Powertools' batch utility costs 80 ms of imports for what is one loop here.
"""

from collections.abc import Iterable
from typing import Any

type Record = dict[str, Any]
"""One DynamoDB stream record as Lambda delivers it."""


def failure_response(failed: Iterable[Record]) -> dict[str, list[dict[str, str]]]:
    """The answer that makes Lambda deliver again from the earliest failed record on; all went well if none failed."""
    return {"batchItemFailures": [{"itemIdentifier": sequence_number(record)} for record in failed]}


def sequence_number(record: Record) -> str:
    """The record's position in its shard."""
    return str(record["dynamodb"]["SequenceNumber"])
