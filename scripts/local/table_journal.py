"""DynamoDB data on disk: every write is in a journal before it is answered, so that even a kill loses none.

`tables-<n>.json` holds the items and stream records as they were at a start; `journal-<n>.jsonl` what came after, one
line per request: a line that a kill cut off belongs to a request that was never answered. Each start folds the two
into the next generation. Table definitions are in the snapshot with everything else.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from scripts.local import engine
from scripts.local.snapshot import replace_file

Entry = list[Any]
"""["item", table id, partition key, sort key, item or null] | ["record", stream ARN, record] | ["at", mapping, n]."""


class TableJournal:
    """Writes what changes in DynamoDB as it changes, and puts it back at a start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()
        self._request = threading.local()
        self._tables = engine.service("dynamodb")
        self._positions = engine.service("lambda_svc")._dynamodb_stream_positions

    def install(self, wake: Callable[[], None]) -> None:  # noqa: C901  one small function for each of ministack's
        """Note every write. `wake` is called after a stream record; images are copies of their moment."""
        tables = self._tables
        set_item, remove_item, emit = tables._set_item, tables._remove_item, tables._emit_stream_event
        items_replaced, handle, state = tables._items_replaced, tables.handle_request, tables.get_state

        def set_and_note(table: dict[str, Any], key: str, sort: str, item: dict[str, Any]) -> Any:
            self.add("item", table["TableId"], key, sort, item)
            return set_item(table, key, sort, item)

        def remove_and_note(table: dict[str, Any], key: str, sort: str) -> Any:
            self.add("item", table["TableId"], key, sort, None)
            return remove_item(table, key, sort)

        def replace_and_note(table: dict[str, Any]) -> None:
            items_replaced(table)
            for key, sorts in table["items"].items():
                for sort, item in sorts.items():
                    self.add("item", table["TableId"], key, sort, item)

        def emit_and_note(name: str, event: str, old: Any, new: Any, replicate: bool = True) -> None:
            before = tables.stream_end_position(name)
            emit(name, event, copy.deepcopy(old), copy.deepcopy(new), replicate)
            for record in tables.stream_records_since(name, before, 1):
                self.add("record", record["eventSourceARN"], record)
                wake()

        async def handle_and_write(*arguments: Any) -> Any:
            with self._one_line():
                return await handle(*arguments)

        def state_without_items() -> Any:
            found = state()
            for table in found["tables"].all_values():
                table["items"] = {}
            return found

        tables._set_item, tables._remove_item, tables._items_replaced = set_and_note, remove_and_note, replace_and_note
        tables._emit_stream_event, tables.handle_request = emit_and_note, handle_and_write
        tables.get_state = state_without_items

    def add(self, *entry: Any) -> None:
        """Note an entry: with the others of the request at work in this thread, or at once."""
        pending: list[Entry] | None = getattr(self._request, "entries", None)
        if pending is None:
            self._write([list(entry)])
        else:
            pending.append(list(entry))

    def restore(self) -> None:
        """Put back what was saved for the tables and streams that the snapshot knows, and start a new generation."""
        generation, items, streams = self._read()
        for (_, _, name), table in self._tables._tables.all_items():
            for key, sorts in items.get(table["TableId"], {}).items():
                table["items"][key] = sorts
            self._tables._items_replaced(table)
            arn = table.get("LatestStreamArn")
            if arn in streams:
                scope = (*arn.split(":")[4:2:-1], name)
                self._tables._stream_records.set_scoped(*scope, streams[arn]["records"])
                self._tables._stream_trimmed.set_scoped(*scope, streams[arn]["trimmed"])
        self._start(generation + 1)

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        self._request.entries = []
        try:
            yield
        finally:
            entries, self._request.entries = self._request.entries, None
            if entries:
                self._write(entries)

    def _write(self, entries: list[Entry]) -> None:
        line = json.dumps(entries, default=engine.core("persistence")._json_default).encode() + b"\n"
        with self._lock:
            if self._file is not None:
                self._file.write(line)
                self._file.flush()

    def _start(self, generation: int) -> None:
        """Write all data as the base of a generation, open its journal, remove the older ones."""
        self._folder.mkdir(parents=True, exist_ok=True)
        state = {
            "items": {table["TableId"]: table["items"] for table in self._tables._tables.all_values()},
            "streams": {
                table["LatestStreamArn"]: {
                    "trimmed": self._tables._stream_trimmed._data.get(scope, 0),
                    "records": self._tables._stream_records._data.get(scope, []),
                }
                for scope, table in self._tables._tables.all_items()
                if table.get("LatestStreamArn")
            },
        }
        content = json.dumps(state, default=engine.core("persistence")._json_default).encode()
        replace_file(self._folder / f"tables-{generation}.json", content)
        self._file = (self._folder / f"journal-{generation}.jsonl").open("ab")
        for old in [*self._folder.glob("tables-*.json"), *self._folder.glob("journal-*.jsonl")]:
            if _generation(old) != generation:
                old.unlink()

    def _read(self) -> tuple[int, dict[str, Any], dict[str, Any]]:
        """(generation, items by table id, streams by ARN) of the newest base with its journal folded in."""
        bases = sorted(self._folder.glob("tables-*.json"), key=_generation)
        if not bases:
            return 0, {}, {}
        hook = engine.core("persistence")._json_object_hook
        base = json.loads(bases[-1].read_bytes(), object_hook=hook)
        generation = _generation(bases[-1])
        for line in _lines(self._folder / f"journal-{generation}.jsonl"):
            for entry in json.loads(line, object_hook=hook):
                self._fold(base, entry)
        return generation, base["items"], base["streams"]

    def _fold(self, base: dict[str, Any], entry: Entry) -> None:
        kind, name, *rest = entry
        if kind == "at":
            self._positions._data.update({scope: rest[0] for scope in self._positions._data if scope[2] == name})
        elif kind == "record":
            base["streams"].setdefault(name, {"trimmed": 0, "records": []})["records"].append(rest[0])
        elif rest[2] is None:
            base["items"].get(name, {}).get(rest[0], {}).pop(rest[1], None)
        else:
            base["items"].setdefault(name, {}).setdefault(rest[0], {})[rest[1]] = rest[2]


def _lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a journal; what follows the last line end was being written when the process was killed."""
    if path.exists():
        with path.open("rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))


def _generation(path: Path) -> int:
    return int(path.stem.rsplit("-", 1)[1])
