"""Identifiers: a prefix and a ULID, such as ``ord_01JQ...``. Imports the standard library only.

A ULID is 48 bits of Unix milliseconds and 80 random bits in Crockford's base 32, so that ids sort by the time
they were made. Written here because the usual package takes longer to import than the whole of this library.
"""

import os
import re
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"


def new_ulid(milliseconds: int | None = None) -> str:
    """26 characters; ``milliseconds`` since 1970 defaults to the present."""
    moment = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    number = moment << 80 | int.from_bytes(os.urandom(10))
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def new_id(prefix: str) -> str:
    """A new identifier, ``<prefix>_<ulid>``."""
    return f"{prefix}_{new_ulid()}"


def is_id(text: str, prefix: str) -> bool:
    """Whether the text is exactly an identifier with this prefix: upper case, no look-alike letters, no overflow."""
    return re.fullmatch(f"{prefix}_{_ULID}", text, re.ASCII) is not None
