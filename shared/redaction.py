"""Takes secrets and personal data out of what is logged or shown. Imports the standard library only.

By name first: a field that is called like one of NAMES shows nothing of its value, whatever it holds. Then by form:
what looks like a credential, a payment token, a card number or a mail address is cut out of every text.
"""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[redacted]"

NAMES = frozenset(
    {
        *("api_key", "apikey", "x_api_key", "authorization", "cookie", "set_cookie", "x_amz_security_token"),
        *("password", "secret", "secret_string", "client_secret", "signing_secret", "signature"),
        *("token", "access_token", "refresh_token", "session_token", "task_token", "payment_token", "payment_method"),
        *("card", "card_number", "pan", "cvc", "cvv", "iban", "account_number"),
        *("email", "phone", "name", "first_name", "last_name", "full_name", "customer_name", "recipient"),
        *("address", "street", "billing_address", "shipping_address", "ip", "source_ip"),
        *("reference", "idempotency_key"),
    }
)
"""Names in lower case with underscores; case, hyphens, the humps of camel case and a plural do not matter."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FORMS = re.compile(
    r"\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|\b(?:tok|pm|src|card|sk|rk|whsec)_[A-Za-z0-9_]{4,}"  # tokens and keys of payment providers
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"  # signed tokens (JWT)
    r"|[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"  # mail addresses
)
_CARD = re.compile(r"(?<![\dA-Za-z])[3-6](?:[ -]?\d){12,18}(?![\dA-Za-z])")
_SUSPECT = re.compile(r"[@_. ]|AKIA|ASIA|\d{13}")
"""Nothing that is to be cut out is without one of these; most texts are, and cost no more than this look."""


def redact(value: Any) -> Any:
    """A copy of a JSON value without what must not be seen."""
    match value:
        case str():
            return scrub(value)
        case Mapping():
            return {name: HIDDEN if part and is_secret(name) else redact(part) for name, part in value.items()}
        case list() | tuple():
            return [redact(part) for part in value]
    return value


def is_secret(name: object) -> bool:
    """Whether a field of this name holds what must not be seen."""
    plain = _HUMP.sub("_", str(name)).replace("-", "_").lower()
    return plain in NAMES or plain.removesuffix("s") in NAMES


def scrub(text: str) -> str:
    """A text without what looks like a credential or like personal data."""
    if not _SUSPECT.search(text):
        return text
    return _CARD.sub(lambda match: HIDDEN if _is_card(match.group()) else match.group(), _FORMS.sub(HIDDEN, text))


def _is_card(text: str) -> bool:
    """The check digit tells a card number from most other long numbers (Luhn)."""
    digits = [int(digit) for digit in text if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
