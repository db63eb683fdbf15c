"""What a client reads of botocore's data folder: the services in use, without the parts that only people read."""

from __future__ import annotations

import gzip
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = "botocore/data/"
ENDPOINTS = f"{DATA}endpoints.json"
# What every client reads, whatever its service.
COMMON = frozenset({"endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json"})


def is_kept(name: str, services: frozenset[str]) -> bool:
    """Tell whether a file of the data folder belongs to a service in use or to all of them."""
    parts = PurePosixPath(name.removeprefix(DATA)).parts
    if len(parts) == 1:
        return parts[0] in COMMON
    return parts[0] in services and not parts[-1].startswith("examples-")


def reduce(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the contents with the models of services shortened; a client behaves as before, and starts sooner.

    Models are kept as plain JSON: botocore reads both, and the bytes of gzip differ between versions of zlib.
    """
    models = {name.removesuffix(".gz"): _model(name, content) for name, content in contents.items() if _is_model(name)}
    # endpoints.json lists services by a name of its own: "states" for stepfunctions, "monitoring" for cloudwatch.
    prefixes = frozenset(model["metadata"]["endpointPrefix"] for model in models.values())
    reduced = {name: content for name, content in contents.items() if not _is_model(name)}
    if ENDPOINTS in contents:
        reduced[ENDPOINTS] = _dump(_endpoints(json.loads(contents[ENDPOINTS]), prefixes))
    return reduced | {name: _dump(_without_documentation(model)) for name, model in models.items()}


def _is_model(name: str) -> bool:
    return name.startswith(DATA) and name.endswith(("/service-2.json", "/service-2.json.gz"))


def _model(name: str, content: bytes) -> dict[str, Any]:
    model: dict[str, Any] = json.loads(gzip.decompress(content) if name.endswith(".gz") else content)
    return model


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _endpoints(endpoints: dict[str, Any], prefixes: frozenset[str]) -> dict[str, Any]:
    partitions = [
        partition | {"services": {name: one for name, one in partition["services"].items() if name in prefixes}}
        for partition in endpoints["partitions"]
    ]
    return endpoints | {"partitions": partitions}


def _without_documentation(value: Any) -> Any:
    """Drop every text called "documentation"; a member of that name is an object, and stays."""
    if isinstance(value, dict):
        return {
            key: _without_documentation(part)
            for key, part in value.items()
            if not (key == "documentation" and isinstance(part, str))
        }
    return [_without_documentation(part) for part in value] if isinstance(value, list) else value
