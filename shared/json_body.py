"""JSON bodies: read strictly, so that whatever arrives is a value or a named flaw, never a crash; and written.

Imports the standard library only.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.problems import Flaw, ProblemError, flawed_body, shown

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
_MAX_DIGITS = 18
_HUGE = 1_000_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class NotWhole:
    """A number that is not written as an integer. The platform has no use for one, so it is never made a float."""

    text: str


class _Repeating(dict[str, Any]):
    """An object in which a key stands twice; which of the two is meant cannot be known."""

    repeated: str


def parse(body: str | None, *, is_base64: bool) -> Any:
    """The body's value; raises ProblemError (400 or 413) that names the place and the fix.

    Numbers that are not written whole (1.5, 1.0, 1e3, NaN) come back as NotWhole, which no type of a schema accepts;
    a number of more digits than any field allows comes back as a huge integer of its sign.
    """
    text = _text(body, is_base64=is_base64)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=NotWhole,
            parse_constant=NotWhole,
            parse_int=_whole,
        )
    except json.JSONDecodeError as error:
        detail = f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}; send one JSON object"
        raise _whole_body(detail) from None
    except RecursionError:
        raise _whole_body(_TOO_DEEP) from None
    flaws = list(_flaws(value))
    if flaws:
        raise flawed_body(flaws)
    return value


def dump(value: object) -> str:
    """The JSON text of an answer's body."""
    return json.dumps(value, separators=(",", ":"))


def _text(body: str | None, *, is_base64: bool) -> str:
    if not body or body.isspace():
        raise _whole_body("empty; send a JSON object")
    if len(body) > MAX_BYTES * 4 // 3:
        raise ProblemError("payload_too_large", f"send at most {MAX_BYTES} bytes")
    try:
        raw = base64.b64decode(body, validate=True) if is_base64 else body.encode()
        text = raw.decode()
    except (binascii.Error, ValueError):
        raise _whole_body("neither valid UTF-8 nor valid base64; send JSON encoded as UTF-8") from None
    if len(raw) > MAX_BYTES:
        raise ProblemError("payload_too_large", f"send at most {MAX_BYTES} bytes")
    if not text or text.isspace():
        raise _whole_body("empty; send a JSON object")
    return text


def _whole_body(detail: str) -> ProblemError:
    return flawed_body([Flaw("pointer", "", detail)])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    names = [name for name, _ in pairs]
    repeating = _Repeating(value)
    repeating.repeated = next(name for name in names if names.count(name) > 1)
    return repeating


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) <= _MAX_DIGITS:
        return int(digits)
    return -_HUGE if digits.startswith("-") else _HUGE


def _flaws(root: Any) -> Iterator[Flaw]:
    """Walk without recursion: repeated keys, text that is not Unicode, nesting deeper than MAX_DEPTH."""
    stack: list[tuple[str, int, Any]] = [("", 0, root)]
    while stack:
        pointer, depth, value = stack.pop()
        if depth > MAX_DEPTH:
            yield Flaw("pointer", "", _TOO_DEEP)
            return
        if isinstance(value, _Repeating):
            again = _join(pointer, value.repeated)
            yield Flaw("pointer", again, "this key stands twice in the same object; send it once")
        if isinstance(value, str) and not _is_unicode(value):
            yield Flaw("pointer", pointer, "holds half of a surrogate pair; send valid Unicode text")
        elif isinstance(value, dict):
            if not all(_is_unicode(name) for name in value):
                yield Flaw("pointer", pointer, "a key holds half of a surrogate pair; send valid Unicode text")
            stack.extend((_join(pointer, name), depth + 1, item) for name, item in value.items())
        elif isinstance(value, list):
            stack.extend((f"{pointer}/{index}", depth + 1, item) for index, item in enumerate(value))


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _join(pointer: str, name: str) -> str:
    """Append a key to an RFC 6901 pointer; a key that could be long or unprintable is cut and escaped."""
    plain = name if name.isascii() and name.isprintable() and len(name) <= 64 else shown(name)[1:-1]
    return f"{pointer}/{plain.replace('~', '~0').replace('/', '~1')}"


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels; send the object that the schema describes"
