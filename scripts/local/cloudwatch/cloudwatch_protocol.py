"""CloudWatch's three protocols, JSON, CBOR and Query, as one: an operation is a function of dictionaries.

Numbers arrive as text over Query, so operations convert what they read. Times in answers are datetimes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from scripts.local import engine

Operation = Callable[[dict[str, Any]], dict[str, Any]]


class RequestError(Exception):
    """A request that is refused with an error code of CloudWatch."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def handler(name: str, operation: Operation) -> Callable[..., Any]:
    """A handler as ministack's table of CloudWatch actions wants it."""

    def handle(params: dict[str, Any], decoded: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        service = engine.service("cloudwatch")
        try:
            answer = operation(sent(params, decoded, is_cbor or is_json))
        except RequestError as error:
            return service._error(error.code, str(error), 400, use_json=is_json, use_cbor=is_cbor)
        if is_cbor:
            return service._cbor_ok(_plain(answer, lambda moment: service._cbor_timestamp(moment.timestamp())))
        if is_json:
            return service._json_ok(_plain(answer, lambda moment: moment.timestamp()))
        return service._xml(200, f"{name}Response", element(f"{name}Result", answer) if answer else "")

    return handle


def sent(params: dict[str, Any], decoded: dict[str, Any], is_decoded: bool) -> dict[str, Any]:
    """The request as nested dictionaries and lists, over whichever protocol it came."""
    if is_decoded:
        return decoded
    service = engine.service("cloudwatch")
    return _from_query({name: service._p(params, name) for name in params})


def element(name: str, value: Any) -> str:
    """An XML element; a list holds <member> elements."""
    if isinstance(value, dict):
        content = "".join(element(key, item) for key, item in value.items())
    elif isinstance(value, list):
        content = "".join(element("member", item) for item in value)
    elif isinstance(value, datetime):
        content = value.strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        content = str(value).lower() if isinstance(value, bool) else escape(str(value))
    return f"<{name}>{content}</{name}>"


def _plain(value: Any, encode_time: Callable[[datetime], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item, encode_time) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, encode_time) for item in value]
    return encode_time(value) if isinstance(value, datetime) else value


def _from_query(params: dict[str, str]) -> dict[str, Any]:
    """Query parameters such as Metrics.member.1.MetricStat.Stat as nested dictionaries and lists."""
    tree: dict[str, Any] = {}
    for name, value in params.items():
        place = tree
        *path, last = name.split(".")
        for key in path:
            place = place.setdefault(key, {})
        place[last] = value
    found = _lists(tree)
    return found if isinstance(found, dict) else {}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"}:
        members = value["member"]
        return [_lists(members[key]) for key in sorted(members, key=int)]
    return {key: _lists(item) for key, item in value.items()}
