"""Durability: one file holds the state of every service at one moment; it is replaced as a whole.

`snapshot.json` is {"ministack", "services": {name: payload}}; byte strings over 64 KB (code, layers) are files in
`blobs/`, named by digest and written once. A kill at any time leaves the previous or the new snapshot, never half of
one. Saving runs on the event loop, so no API request is in the middle of a change. What grows with traffic is not in
it: the data of tables is in the table journal, log events are in the log store.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scripts.local import engine

SAVE_SECONDS = float(os.environ.get("TRADEPOST_SAVE_SECONDS", "2"))
SHARE_OF_TIME = 20
"""A save that takes t seconds is followed by at least this many times t without one."""

SLOW_SAVE_SECONDS = 0.05
_BLOB_BYTES = 64 * 1024
_WITHOUT_COPY = ("dynamodb", "cloudwatch_logs", "eventbridge", "sqs", "ssm")
logger = logging.getLogger("tradepost.snapshot")


class SnapshotError(Exception):
    """The saved state cannot be read; starting without it would overwrite it."""


class Snapshots:
    """The saved state under one folder. `changed` is set by whoever sees a change and cleared by a save."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "snapshot.json"
        self._blobs = folder / "blobs"
        self._blob_names: dict[int, tuple[bytes, str]] = {}
        self._last_good: dict[str, str] = {}
        self._loaded = self._read()
        self._collected = self._written = 0
        self._writing = threading.Lock()
        self.changed = False

    def note_change(self) -> None:
        self.changed = True

    def load(self, service: str) -> Any:
        """The payload saved for a service, or None; the shape of ministack's load_state."""
        return self._loaded.pop(service, None)

    def save(self, states: dict[str, Callable[[], Any]]) -> None:
        """Write the state of all services; `states` maps a name to the function that returns its state."""
        self._write(*self._collect(states))

    async def keep_saving(self, states: Callable[[], dict[str, Callable[[], Any]]]) -> None:
        """Save every SAVE_SECONDS while something changes, less often when reading the state takes long."""
        pause = SAVE_SECONDS
        while True:
            await asyncio.sleep(pause)
            if not self.changed:
                continue
            started = time.monotonic()
            snapshot = self._collect(states())
            took = time.monotonic() - started
            pause = max(SAVE_SECONDS, SHARE_OF_TIME * took)
            if took > SLOW_SAVE_SECONDS:
                logger.warning("saving the state held up requests for %.0f ms", took * 1000)
            await asyncio.to_thread(self._write, *snapshot)

    def _collect(self, states: dict[str, Callable[[], Any]]) -> tuple[int, bytes, set[str]]:
        """The snapshot's number, its content and the blobs that it names."""
        self.changed = False
        self._collected += 1
        blobs: set[str] = set()
        for name, state in states.items():
            text = self._serialize(name, state, blobs)
            if text is not None:
                self._last_good[name] = text
        body = ", ".join(f"{json.dumps(name)}: {text}" for name, text in self._last_good.items())
        content = f'{{"ministack": {json.dumps(engine.version())}, "services": {{{body}}}}}'
        return self._collected, content.encode(), blobs

    def _write(self, number: int, content: bytes, blobs: set[str]) -> None:
        """Put a snapshot in place unless a later one is there: the last save need not wait for the one before."""
        with self._writing:
            if number > self._written:
                self._written = number
                replace_file(self._file, content)
                self._prune(blobs)

    def _serialize(self, name: str, state: Callable[[], Any], used: set[str]) -> str | None:
        """JSON text of one service; threads may change it meanwhile, so try again, then keep the last good one."""
        to_json = functools.partial(self._to_json, used=used)
        for _ in range(5):
            try:
                with _no_deepcopy(name):
                    value = state()
                    return None if value is None else json.dumps(value, default=to_json)
            except RuntimeError:
                continue
        logger.warning("state of %s changed while it was read; its previous copy is kept in this snapshot", name)
        return None

    def _to_json(self, value: object, used: set[str]) -> object:
        if isinstance(value, bytes) and len(value) >= _BLOB_BYTES:
            name = self._blob(value)
            used.add(name)
            return {"__blob__": name}
        return engine.core("persistence")._json_default(value)

    def _blob(self, value: bytes) -> str:
        known = self._blob_names.get(id(value))
        if known is None:
            known = (value, hashlib.sha256(value).hexdigest())
            self._blob_names[id(value)] = known
            self._blobs.mkdir(parents=True, exist_ok=True)
            if not (self._blobs / known[1]).exists():
                replace_file(self._blobs / known[1], value)
        return known[1]

    def _prune(self, used: set[str]) -> None:
        if {name for _, name in self._blob_names.values()} == used:
            return
        self._blob_names = {key: known for key, known in self._blob_names.items() if known[1] in used}
        for blob in self._blobs.iterdir():
            if blob.name not in used:
                blob.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        if not self._file.exists():
            return {}
        try:
            with self._file.open() as file:
                services: dict[str, Any] = json.load(file, object_hook=self._from_json)["services"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise SnapshotError(
                f"The saved state cannot be read ({error!r}). To start empty, move {self._file} away."
            ) from error
        return services

    def _from_json(self, value: dict[str, Any]) -> Any:
        if "__blob__" in value:
            return (self._blobs / value["__blob__"]).read_bytes()
        return engine.core("persistence")._json_object_hook(value)


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in place as a whole: after a kill it is the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@contextmanager
def _no_deepcopy(name: str) -> Iterator[None]:
    """Let get_state of the large, flat stores hand out its live objects: they are serialized at once.

    Copying them costs several times the serialization and holds up every request.
    """
    module = engine.service(name) if name in _WITHOUT_COPY else None
    if module is None:
        yield
        return
    module.copy = SimpleNamespace(deepcopy=lambda value: value, copy=copy.copy)
    try:
        yield
    finally:
        module.copy = copy
