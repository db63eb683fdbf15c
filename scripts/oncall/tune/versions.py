"""Temporary versions of a function at other memory sizes. Whatever happens, the function ends as it was.

What is to be restored stands in the function itself: its description is marked while sizes are tried, so that even a
run that was killed is cleaned up by the next one. The alias is never touched, so no caller ever meets these versions.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scripts.console import fail

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARK = re.compile(r"\[make tune, was (\d+) MB\] ?(.*)", re.DOTALL)
DESCRIPTION_LENGTH = 256


def mark(memory_mb: int, description: str) -> str:
    """Return the description of a function that is being tuned."""
    return f"[make tune, was {memory_mb} MB] {description}"[:DESCRIPTION_LENGTH]


def unmarked(description: str) -> tuple[int, str] | None:
    """Return the memory and the description that a marked one keeps; None for one that is not marked."""
    match = _MARK.fullmatch(description)
    return (int(match.group(1)), match.group(2)) if match else None


class Versions:
    """Versions of one function; `client` is boto3's of Lambda."""

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def leftovers(self) -> list[str]:
        """Return the versions that tuning left behind."""
        pages = self._client.get_paginator("list_versions_by_function").paginate(FunctionName=self._function)
        return [
            one["Version"]
            for page in pages
            for one in page["Versions"]
            if one["Version"] != "$LATEST" and unmarked(one.get("Description", "")) is not None
        ]

    def restore(self) -> bool:
        """Remove every temporary version and give the function its memory back; return whether there was anything."""
        left = self.leftovers()
        for version in left:
            self._client.delete_function(FunctionName=self._function, Qualifier=version)
        now = self._client.get_function_configuration(FunctionName=self._function)
        before = unmarked(now.get("Description", ""))
        if before is not None:
            self._configure(*before)
        return bool(left) or before is not None

    @contextmanager
    def kept(self) -> Iterator[dict[str, Any]]:
        """Restore the function at the end, however it comes.

        Yields:
            the configuration as it was.
        """
        self.restore()
        before = self._client.get_function_configuration(FunctionName=self._function)
        try:
            yield before
        finally:
            self.restore()

    @contextmanager
    def at(self, memory_mb: int, before: dict[str, Any]) -> Iterator[str]:
        """Publish the function with another memory size; the version is gone afterwards.

        Yields:
            the version's number.
        """
        self._configure(memory_mb, mark(before["MemorySize"], before.get("Description", "")))
        published = self._client.publish_version(FunctionName=self._function)
        version = str(published["Version"])
        try:
            if unmarked(published.get("Description", "")) is None:
                fail(f"{self._function} changed while it was tuned", "somebody deploys: try again when that is over")
            self._client.get_waiter("published_version_active").wait(
                FunctionName=self._function, Qualifier=version, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
            )
            yield version
        finally:
            self._client.delete_function(FunctionName=self._function, Qualifier=version)

    def _configure(self, memory_mb: int, description: str) -> None:
        self._client.update_function_configuration(
            FunctionName=self._function, MemorySize=memory_mb, Description=description
        )
        waiter = self._client.get_waiter("function_updated_v2")
        waiter.wait(FunctionName=self._function, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
