"""The values that mapping templates work on: JSON as Java's maps and lists, $input and $util."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import jsonpath


class JsonObject:
    """A JSON object with the methods of Java's Map; Python's own methods would answer to a field's name."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return "{" + ", ".join(f"{name}={_shown(value)}" for name, value in self._values.items()) + "}"

    def get(self, name: str) -> Any:
        return self._values.get(name)

    def put(self, name: str, value: Any) -> Any:
        before = self._values.get(name)
        self._values[name] = value
        return before

    def keySet(self) -> list[str]:  # noqa: N802  Java's name
        return list(self._values)

    def entrySet(self) -> list[JsonObject]:  # noqa: N802  Java's name
        return [JsonObject({"key": name, "value": value}) for name, value in self._values.items()]

    def containsKey(self, name: str) -> bool:  # noqa: N802  Java's name
        return name in self._values

    def size(self) -> int:
        return len(self._values)

    def isEmpty(self) -> bool:  # noqa: N802  Java's name
        return not self._values


class JsonArray(list[Any]):
    """A JSON array with the methods of Java's List; as text it is JSON."""

    def __str__(self) -> str:
        return to_json(self)

    def get(self, index: int) -> Any:
        return self[index]

    def size(self) -> int:
        return len(self)

    def isEmpty(self) -> bool:  # noqa: N802  Java's name
        return not self

    def contains(self, value: Any) -> bool:
        return value in self

    def add(self, value: Any) -> bool:
        self.append(value)
        return True


def velocity(value: Any) -> Any:
    """A JSON value for use in a template."""
    if isinstance(value, dict):
        return JsonObject({name: velocity(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return JsonArray(velocity(inner) for inner in value)
    return value


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda found: found._values)


def _shown(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else "" if value is None else str(value)


def at_path(document: Any, path: str) -> Any:
    """The value at a JSONPath: one value for a definite path (None when absent), a list for an indefinite one."""
    compiled = jsonpath.compile(path if path.startswith("$") else f"$.{path}")
    found = list(compiled.findall(document))
    if isinstance(compiled, jsonpath.JSONPath) and compiled.singular_query():
        return found[0] if found else None
    return found


def parse_body(body: str) -> Any:
    """A payload as JSON; an empty one is an empty object, what is not JSON is a text."""
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except ValueError:
        return body


class Input:
    """$input: the payload and the parameters of the request."""

    def __init__(self, body: str, params: dict[str, dict[str, str]]) -> None:
        self.body = body
        self._params = params

    def json(self, path: str) -> str:
        """The value at a JSONPath as JSON; an empty JSON text when it is absent."""
        value = at_path(parse_body(self.body), path)
        return '""' if value is None else to_json(value)

    def path(self, path: str) -> Any:
        return velocity(at_path(parse_body(self.body), path))

    def params(self, name: str | None = None) -> Any:
        """All parameters, those of a place, or the one with a name: of the path, else the query, else a header."""
        if name is None:
            return velocity({place: dict(values) for place, values in self._params.items()})
        if name in self._params:
            return velocity(dict(self._params[name]))
        for place in ("path", "querystring"):
            if name in self._params[place]:
                return self._params[place][name]
        return self._params["header"].get(name.lower(), "")


class Util:
    """$util: escaping and encoding."""

    def escapeJavaScript(self, text: Any) -> str:  # noqa: N802  AWS's name
        """As in a JavaScript string: single quotes are escaped too, which JSON does not allow."""
        return json.dumps(str(text))[1:-1].replace("'", "\\'")

    def parseJson(self, text: str) -> Any:  # noqa: N802  AWS's name
        return velocity(json.loads(text))

    def urlEncode(self, text: Any) -> str:  # noqa: N802  AWS's name
        """application/x-www-form-urlencoded, as Java's URLEncoder has it."""
        return urllib.parse.quote_plus(str(text), safe="*").replace("~", "%7E")

    def urlDecode(self, text: str) -> str:  # noqa: N802  AWS's name
        return urllib.parse.unquote_plus(text)

    def base64Encode(self, text: str) -> str:  # noqa: N802  AWS's name
        return base64.b64encode(text.encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802  AWS's name
        return base64.b64decode(text).decode("utf-8", errors="replace")
