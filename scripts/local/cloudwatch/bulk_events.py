"""Log events and archived bus events: they grow with traffic, so they are saved when the cloud stops, not before.

The frequent snapshot holds log groups, streams and archives without them. Logs are kept within bounds: the newest
events of each stream and the newest streams of each group.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.local import engine
from scripts.local.snapshot import replace_file

STREAM_EVENTS = 4_000
GROUP_STREAMS = 50


class BulkEvents:
    """The events of all log streams and archives, in one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._logs = engine.service("cloudwatch_logs")
        self._buses = engine.service("eventbridge")

    def install(self) -> None:
        state, append = self._logs.get_state, self._logs._append_log_events
        bus_state = self._buses.get_state

        def state_without_events() -> Any:
            found = state()
            found["log_groups"] = self._copy_without_events()
            return found

        def append_within_bounds(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
            append(stream, events)
            if len(stream["events"]) > STREAM_EVENTS * 1.2:
                stream["events"] = stream["events"][-STREAM_EVENTS:]

        def bus_state_without_events() -> Any:
            found = bus_state()
            archives = type(self._buses._archives)()
            for scope, archive in list(self._buses._archives._data.items()):
                archives._data[scope] = {**archive, "Events": []}
            return {**found, "archives": archives}

        self._logs.get_state = state_without_events
        self._buses.get_state = bus_state_without_events
        self._logs._append_log_events = append_within_bounds

    def save(self) -> None:
        """Write the events of all streams and archives."""
        logs = [
            [scope, {name: stream["events"] for name, stream in group["streams"].items()}]
            for scope, group in list(self._logs._log_groups._data.items())
        ]
        archives = [[scope, archive.get("Events", [])] for scope, archive in self._buses._archives._data.items()]
        replace_file(self._file, json.dumps({"logs": logs, "archives": archives}).encode())

    def restore(self) -> None:
        """Put the saved events back into the streams and archives that still exist."""
        if not self._file.exists():
            return
        saved = json.loads(self._file.read_bytes())
        for scope, events in saved["archives"]:
            archive = self._buses._archives._data.get(tuple(scope))
            if archive is not None:
                archive["Events"] = events
        for scope, streams in saved["logs"]:
            group = self._logs._log_groups._data.get(tuple(scope), {"streams": {}})
            for name, events in streams.items():
                if name in group["streams"]:
                    group["streams"][name]["events"] = events

    def _copy_without_events(self) -> Any:
        groups = type(self._logs._log_groups)()
        for scope, group in list(self._logs._log_groups._data.items()):
            streams = {name: {**stream, "events": []} for name, stream in list(group["streams"].items())}
            groups._data[scope] = {**group, "streams": streams}
        return groups


def drop_old_streams(group: dict[str, Any]) -> None:
    """Keep the newest streams of a group; AWS keeps them all until their retention ends.

    Several threads write to a group at once, and each may drop what another has looked at.
    """
    streams = group["streams"]
    by_age = sorted((stream["lastIngestionTime"] or 0, name) for name, stream in list(streams.items()))
    for _, name in by_age[: max(0, len(by_age) - GROUP_STREAMS)]:
        streams.pop(name, None)
