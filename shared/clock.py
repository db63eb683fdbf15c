"""Time as the platform writes it: UTC, RFC 3339, milliseconds, ``Z``. Imports the standard library only."""

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})",
    re.ASCII,
)
_EXCESS_DIGITS = re.compile(r"(\.\d{6})\d+")


def now() -> datetime:
    """The present in UTC, cut to whole milliseconds so that writing and reading it back changes nothing."""
    present = datetime.now(UTC)
    return present.replace(microsecond=present.microsecond // 1000 * 1000)


def to_text(moment: datetime) -> str:
    """``2026-01-31T23:59:59.123Z``; texts of this form sort as the times they name."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read an RFC 3339 time with its offset; raises ValueError for anything else."""
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"{text!r} is not an RFC 3339 time such as 2026-01-31T23:59:59Z")
    try:
        return datetime.fromisoformat(_EXCESS_DIGITS.sub(r"\1", text.upper())).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} names no real time") from error
