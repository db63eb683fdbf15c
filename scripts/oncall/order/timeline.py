"""Entries of a timeline, and the time at which an order began, which its id tells. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID = re.compile(r"[a-z]{2,4}_([0-7][0-9A-HJKMNP-TV-Z]{25})")
_TIME_LENGTH = 10


UNKNOWN = float("inf")
"""The time of what does not tell one: after all others."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """Something that happened: Unix seconds, where ("orders.api", "table order-events"), what; `bad` stands out."""

    at: float
    place: str
    text: str
    bad: bool = False


def began(order_id: str) -> float | None:
    """Return the Unix seconds at which an id was made; None for what is no id of ours (a prefix and a ULID)."""
    match = _ID.fullmatch(order_id)
    if match is None:
        return None
    milliseconds = 0
    for character in match.group(1)[:_TIME_LENGTH]:
        milliseconds = milliseconds * 32 + _ALPHABET.index(character)
    return milliseconds / 1000


def merged(entries: list[Entry]) -> list[Entry]:
    """Return the entries in order of time; what is told twice is told once."""
    return sorted(dict.fromkeys(entries))


def seconds(text: str) -> float:
    """Return the Unix seconds of an RFC 3339 text."""
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()
