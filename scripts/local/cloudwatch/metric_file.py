"""Metrics on disk: a base that is replaced as a whole, and a journal of what changed since, written every 10 seconds.

`metrics-base.json` is {"journal": n, "series": [...]}; `metrics-<n>.jsonl` has a line for each bucket as it then was.
A kill loses what came since the last flush.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.local.cloudwatch.metrics import Bucket, Metric, MetricStore, metric
from scripts.local.snapshot import replace_file

JOURNAL_BYTES = 16 * 1024 * 1024
"""A longer journal is folded into the base."""


class MetricFile:
    """The saved metrics of a store."""

    def __init__(self, store: MetricStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._number = 0

    def restore(self) -> None:
        """Fill the store with what was saved, and begin a new journal."""
        base = self._folder / "metrics-base.json"
        if base.exists():
            content = json.loads(base.read_bytes())
            self._number = int(content["journal"])
            for *name, unit, buckets in content["series"]:
                for bucket in buckets:
                    self._put(name, unit, bucket)
        for line in _lines(self._journal()):
            *name, unit, bucket = json.loads(line)
            self._put(name, unit, bucket)
        self.save()

    def flush(self) -> None:
        """Append what changed since the last flush."""
        changed = self._store.take_changes()
        if not changed:
            return
        lines = [json.dumps([*key, unit, _dump(second, bucket)]) for key, unit, second, bucket in changed]
        with self._journal().open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))
            long = file.tell() > JOURNAL_BYTES
        if long:
            self.save()

    def save(self) -> None:
        """Write everything as the base, and begin a new journal."""
        self._store.take_changes()
        series = [
            [*key, unit, [_dump(second, bucket) for second, bucket in buckets]]
            for key, unit, buckets in self._store.contents()
        ]
        content = {"journal": self._number + 1, "series": series}
        replace_file(self._folder / "metrics-base.json", json.dumps(content).encode())
        self._journal().unlink(missing_ok=True)
        self._number += 1

    def _journal(self) -> Path:
        return self._folder / f"metrics-{self._number}.jsonl"

    def _put(self, name: list[Any], unit: str, dumped: list[Any]) -> None:
        second, *figures = dumped
        self._store.put(_key(*name), unit, second, _load(*figures))


def _key(namespace: str, name: str, dimensions: list[tuple[str, str]]) -> Metric:
    return metric(namespace, name, dict(dimensions))


def _dump(second: int, bucket: Bucket) -> list[Any]:
    values = None if bucket.values is None else list(bucket.values.items())
    return [second, bucket.count, bucket.total, bucket.low, bucket.high, values]


def _load(count: float, total: float, low: float, high: float, values: list[tuple[float, float]] | None) -> Bucket:
    return Bucket(count, total, low, high, None if values is None else dict(values))


def _lines(journal: Path) -> Iterator[bytes]:
    """The whole lines; what follows the last line end was being written when the process was killed."""
    if journal.exists():
        with journal.open("rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))
