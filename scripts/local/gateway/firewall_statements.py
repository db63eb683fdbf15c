"""AWS WAF's rule statements: what a statement of a rule says about a request.

Not evaluated, so never matching: geography, SQL injection, cross-site scripting, and AWS's managed rule groups, whose
rules AWS does not publish.
"""

from __future__ import annotations

import base64
import html
import ipaddress
import operator
import re
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

BODY_BYTES = 16 * 1024
"""How much of a body API Gateway hands to WAF by default."""


@dataclass(frozen=True, slots=True)
class WebRequest:
    """What WAF sees of a request. Header names are in lower case; `labels` is filled by rules that match."""

    ip: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    labels: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets that statements refer to by ARN; `over_rate` counts a request against a rate-based statement."""

    addresses: Callable[[str], list[str]]
    patterns: Callable[[str], list[str]]
    over_rate: Callable[[dict[str, Any], str], bool]


def matches(statement: dict[str, Any], request: WebRequest, sets: Sets) -> bool:
    """Whether a statement matches; one whose kind is not evaluated does not."""
    [(kind, settings)] = statement.items() if len(statement) == 1 else [("", {})]
    evaluate = _KINDS.get(kind)
    return evaluate is not None and evaluate(settings, request, sets)


def _byte_match(settings: dict[str, Any], request: WebRequest, _sets: Sets) -> bool:
    wanted = base64.b64decode(settings["SearchString"])
    compare = _POSITIONS[settings["PositionalConstraint"]]
    return _any_part(settings, request, lambda part: compare(part, wanted))


def _contains_word(part: bytes, wanted: bytes) -> bool:
    return re.search(rb"(?<![A-Za-z0-9_])" + re.escape(wanted) + rb"(?![A-Za-z0-9_])", part) is not None


_POSITIONS: dict[str, Callable[[bytes, bytes], bool]] = {
    "EXACTLY": operator.eq,
    "STARTS_WITH": bytes.startswith,
    "ENDS_WITH": bytes.endswith,
    "CONTAINS": lambda part, wanted: wanted in part,
    "CONTAINS_WORD": _contains_word,
}


def _size_constraint(settings: dict[str, Any], request: WebRequest, _sets: Sets) -> bool:
    compare = _COMPARISONS[settings["ComparisonOperator"]]
    return _any_part(settings, request, lambda part: compare(len(part), int(settings["Size"])))


_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "EQ": operator.eq,
    "NE": operator.ne,
    "LE": operator.le,
    "LT": operator.lt,
    "GE": operator.ge,
    "GT": operator.gt,
}


def _regex_match(settings: dict[str, Any], request: WebRequest, _sets: Sets) -> bool:
    pattern = re.compile(settings["RegexString"].encode())
    return _any_part(settings, request, lambda part: pattern.search(part) is not None)


def _regex_set(settings: dict[str, Any], request: WebRequest, sets: Sets) -> bool:
    patterns = [re.compile(pattern.encode()) for pattern in sets.patterns(settings["ARN"])]
    return _any_part(settings, request, lambda part: any(pattern.search(part) for pattern in patterns))


def _ip_set(settings: dict[str, Any], request: WebRequest, sets: Sets) -> bool:
    forwarded = settings.get("IPSetForwardedIPConfig")
    try:
        address = ipaddress.ip_address(_forwarded(forwarded, request) if forwarded else request.ip)
    except ValueError:
        return bool(forwarded and forwarded.get("FallbackBehavior") == "MATCH")
    return any(address in ipaddress.ip_network(block, strict=False) for block in sets.addresses(settings["ARN"]))


def _forwarded(settings: dict[str, Any], request: WebRequest) -> str:
    """The first address of the header that the settings name; empty without it."""
    return request.headers.get(str(settings["HeaderName"]).lower(), "").split(",")[0].strip()


def _rate_based(settings: dict[str, Any], request: WebRequest, sets: Sets) -> bool:
    scope = settings.get("ScopeDownStatement")
    if scope and not matches(scope, request, sets):
        return False
    forwarded = settings.get("ForwardedIPConfig")
    keys = {
        "IP": request.ip,
        "FORWARDED_IP": _forwarded(forwarded, request) if forwarded else "",
        "CONSTANT": "all",
    }
    key = keys.get(settings.get("AggregateKeyType", "IP"))
    return key is not None and sets.over_rate(settings, key)


def _label(settings: dict[str, Any], request: WebRequest, _sets: Sets) -> bool:
    key = settings["Key"]
    if settings["Scope"] == "NAMESPACE":
        return any(label.startswith(key) or f":{key}" in label for label in request.labels)
    return any(label == key or label.endswith(f":{key}") for label in request.labels)


_KINDS: dict[str, Callable[[dict[str, Any], WebRequest, Sets], bool]] = {
    "AndStatement": lambda s, request, sets: all(matches(part, request, sets) for part in s["Statements"]),
    "ByteMatchStatement": _byte_match,
    "IPSetReferenceStatement": _ip_set,
    "LabelMatchStatement": _label,
    "NotStatement": lambda s, request, sets: not matches(s["Statement"], request, sets),
    "OrStatement": lambda s, request, sets: any(matches(part, request, sets) for part in s["Statements"]),
    "RateBasedStatement": _rate_based,
    "RegexMatchStatement": _regex_match,
    "RegexPatternSetReferenceStatement": _regex_set,
    "SizeConstraintStatement": _size_constraint,
}


def _any_part(settings: dict[str, Any], request: WebRequest, test: Callable[[bytes], bool]) -> bool:
    """Whether a part of the request that the settings name passes a test, after their transformations."""
    field_to_match = settings["FieldToMatch"]
    oversize = (field_to_match.get("Body") or {}).get("OversizeHandling", "CONTINUE")
    if "Body" in field_to_match and len(request.body) > BODY_BYTES and oversize != "CONTINUE":
        return bool(oversize == "MATCH")
    transformations = sorted(settings.get("TextTransformations") or [], key=lambda found: found["Priority"])
    for part in _parts(field_to_match, request):
        for transformation in transformations:
            part = _TRANSFORMATIONS.get(transformation["Type"], bytes)(part)  # noqa: PLW2901
        if test(part):
            return True
    return False


def _parts(field_to_match: dict[str, Any], request: WebRequest) -> Iterable[bytes]:
    [(kind, settings)] = field_to_match.items()
    if kind == "SingleHeader":
        value = request.headers.get(str(settings["Name"]).lower())
        return [] if value is None else [value.encode()]
    if kind == "SingleQueryArgument":
        name = str(settings["Name"]).lower()
        return [v.encode() for found, values in request.query.items() if found.lower() == name for v in values]
    simple: dict[str, Callable[[], Iterable[bytes]]] = {
        "AllQueryArguments": lambda: [value.encode() for values in request.query.values() for value in values],
        "Body": lambda: [request.body[:BODY_BYTES]],
        "Method": lambda: [request.method.encode()],
        "QueryString": lambda: [urllib.parse.urlencode(request.query, doseq=True).encode()],
        "UriPath": lambda: [request.path.encode()],
    }
    return simple[kind]() if kind in simple else []


_TRANSFORMATIONS: dict[str, Callable[[bytes], bytes]] = {
    "COMPRESS_WHITE_SPACE": lambda part: re.sub(rb"\s+", b" ", part),
    "HTML_ENTITY_DECODE": lambda part: html.unescape(part.decode(errors="replace")).encode(),
    "LOWERCASE": bytes.lower,
    "URL_DECODE": urllib.parse.unquote_to_bytes,
}
