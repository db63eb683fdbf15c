"""Signatures of the provider's webhooks: `t=<seconds since 1970>,v1=<hex>[,v1=<hex>]`. Standard library only.

Each v1 is the HMAC-SHA256 of `<t>.<body as it was sent>` under a webhook secret; the provider may send several while it
changes its secret.
"""

import hashlib
import hmac

TOLERANCE_SECONDS = 300
"""How far the provider's time may be from ours: a signature that was overheard is of no use after that."""


class BadSignatureError(Exception):
    """The body is not from the provider, was changed on the way, or comes too late."""


def verify(header: str, body: bytes, secret: str, now: float) -> None:
    """Raise BadSignatureError unless the secret signed this body at about this time (seconds since 1970)."""
    timestamp, signatures = _parts(header)
    if abs(now - timestamp) > TOLERANCE_SECONDS:
        raise BadSignatureError(f"it was signed over {TOLERANCE_SECONDS} s ago, or will be")
    expected = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(expected.encode(), signature.encode()) for signature in signatures):
        raise BadSignatureError("it does not fit the body")


def _parts(header: str) -> tuple[int, list[str]]:
    fields = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in fields if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise BadSignatureError("it has not exactly one time t=<seconds since 1970>")
    return int(times[0]), [value for name, _, value in fields if name == "v1"]
