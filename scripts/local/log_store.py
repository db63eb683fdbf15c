"""CloudWatch Logs kept within bounds: the newest events of each stream, the newest streams of each group.

Events are saved when the cloud stops; the frequent snapshot holds groups and streams without them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.local import engine
from scripts.local.snapshot import replace_file

STREAM_EVENTS = 4_000
GROUP_STREAMS = 50


class LogStore:
    """The events of all log streams, by group and stream, in one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._logs = engine.service("cloudwatch_logs")

    def install(self) -> None:
        state, append = self._logs.get_state, self._logs._append_log_events

        def state_without_events() -> Any:
            found = state()
            found["log_groups"] = self._copy_without_events()
            return found

        def append_within_bounds(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
            append(stream, events)
            if len(stream["events"]) > STREAM_EVENTS * 1.2:
                stream["events"] = stream["events"][-STREAM_EVENTS:]

        self._logs.get_state = state_without_events
        self._logs._append_log_events = append_within_bounds

    def save(self) -> None:
        """Write the events of all streams."""
        saved = [
            [scope, {name: stream["events"] for name, stream in group["streams"].items()}]
            for scope, group in list(self._logs._log_groups._data.items())
        ]
        replace_file(self._file, json.dumps(saved).encode())

    def restore(self) -> None:
        """Put the saved events back into the streams that still exist."""
        if not self._file.exists():
            return
        for scope, streams in json.loads(self._file.read_bytes()):
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
    """Keep the newest streams of a group; AWS keeps them all until their retention ends."""
    streams = group["streams"]
    while len(streams) > GROUP_STREAMS:
        del streams[min(streams, key=lambda name: streams[name]["lastIngestionTime"] or 0)]
