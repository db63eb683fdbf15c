"""Stands in for EventBridge's client where a test must refuse what is sent."""

from typing import Any

import pytest

from shared import aws


class Bus:
    """Takes entries, refuses those whose type is in ``refused``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *refused: str) -> None:
        self.refused = refused
        self.accepted: list[dict[str, Any]] = []
        monkeypatch.setattr(aws.client("events"), "put_events", self.put_events)

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - the API's name
        results: list[dict[str, str]] = []
        for entry in Entries:
            if entry["DetailType"] in self.refused:
                results.append({"ErrorCode": "InternalFailure", "ErrorMessage": "no"})
            else:
                self.accepted.append(entry)
                results.append({"EventId": "1"})
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}
