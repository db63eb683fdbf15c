"""Opaque page tokens: where a list goes on, and nothing that a caller could gain by changing. Standard library only.

A token carries a position alone (an order id, a sequence). Whose list it is comes from the request's credentials.
"""

import base64
import binascii
import json

_MAX_TOKEN = 256


class InvalidTokenError(ValueError):
    """The text is not a token that this service made for this list."""


def encode(list_name: str, position: str | int) -> str:
    """A token for the list: URL-safe, so that it needs no escaping."""
    packed = json.dumps([list_name, position], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode[Position: (str, int)](list_name: str, token: str, kind: type[Position]) -> Position:
    """The position in the token; raises InvalidTokenError if it is not exactly what encode() makes."""
    problem = InvalidTokenError("not a token of this list; send `next` of the last page unchanged, or leave it out")
    if len(token) > _MAX_TOKEN or not token.isascii():
        raise problem
    try:
        unpacked = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise problem from None
    if not (isinstance(unpacked, list) and len(unpacked) == 2 and type(unpacked[1]) is kind):
        raise problem
    position: Position = unpacked[1]
    if encode(list_name, position) != token:
        raise problem
    return position
