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
    return _ulid(time.time_ns() // 1_000_000 if milliseconds is None else milliseconds, os.urandom(10))


def new_id(prefix: str) -> str:
    """A new identifier, ``<prefix>_<ulid>``."""
    return f"{prefix}_{new_ulid()}"


def derived_id(prefix: str, milliseconds: int, *parts: str | int) -> str:
    """The identifier of what the parts name, made ``milliseconds`` after 1970: always the same one."""
    import hashlib

    digest = hashlib.sha256("\x00".join(map(str, parts)).encode()).digest()
    return f"{prefix}_{_ulid(milliseconds, digest[:10])}"


def made_at(identifier: str) -> int:
    """Milliseconds since 1970 at which an identifier was made, which its ULID begins with."""
    moment = 0
    for character in identifier.rpartition("_")[2][:10]:
        moment = moment << 5 | _ALPHABET.index(character)
    return moment


def is_id(text: str, prefix: str) -> bool:
    """Whether the text is exactly an identifier with this prefix: upper case, no look-alike letters, no overflow."""
    return re.fullmatch(f"{prefix}_{_ULID}", text, re.ASCII) is not None


def _ulid(milliseconds: int, rest: bytes) -> str:
    number = milliseconds << 80 | int.from_bytes(rest)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
