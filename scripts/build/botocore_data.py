"""What a client reads of botocore's data folder: the services in use, without the parts that only people read."""

from __future__ import annotations

import gzip
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = "botocore/data/"
# What every client reads, whatever its service.
COMMON = frozenset({"endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json"})


def is_kept(name: str, services: frozenset[str]) -> bool:
    """Tell whether a file of the data folder belongs to a service in use or to all of them."""
    parts = PurePosixPath(name.removeprefix(DATA)).parts
    if len(parts) == 1:
        return parts[0] in COMMON
    return parts[0] in services and not parts[-1].startswith("examples-")


def reduce(contents: Mapping[str, bytes], services: frozenset[str]) -> dict[str, bytes]:
    """Return the contents with the models of services shortened; a client behaves as before, and starts sooner.

    Models are kept as plain JSON: botocore reads both, and the bytes of gzip differ between versions of zlib.
    """
    reduced = {}
    for name, content in contents.items():
        if name == f"{DATA}endpoints.json":
            reduced[name] = _dump(_endpoints(json.loads(content), services))
        elif name.startswith(DATA) and name.endswith(("/service-2.json", "/service-2.json.gz")):
            model = json.loads(gzip.decompress(content) if name.endswith(".gz") else content)
            reduced[name.removesuffix(".gz")] = _dump(_without_documentation(model))
        else:
            reduced[name] = content
    return reduced


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _endpoints(endpoints: dict[str, Any], services: frozenset[str]) -> dict[str, Any]:
    partitions = [
        partition | {"services": {name: one for name, one in partition["services"].items() if name in services}}
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
