"""An AWS service that the engine lacks, answered in the same process: routed, authorized and saved like the rest."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, Protocol

from scripts.local import engine

Answer = tuple[int, dict[str, str], bytes]
ResourceOf = Callable[[str, dict[str, Any]], str]


class AddedService(Protocol):
    """What the engine asks of a service."""

    async def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Answer: ...

    def get_state(self) -> dict[str, Any]: ...

    def load_persisted_state(self, data: dict[str, Any]) -> None: ...

    def reset(self) -> None: ...


def register(name: str, target_prefix: str, service: AddedService, resource_of: ResourceOf) -> None:
    """Add a JSON service under its signing name.

    `resource_of` gives the ARN that IAM checks for an action and its parsed body.
    """
    app, actions = engine.app(), engine.core("iam_actions")
    engine.core("router").SERVICE_PATTERNS[name] = {"target_prefixes": [target_prefix], "host_patterns": []}
    sys.modules[f"ministack.services.{name}"] = service  # type: ignore[assignment]  # where the engine looks for one
    app._loaded_modules[name] = service
    app.SERVICE_REGISTRY[name] = {"module": name}
    app.SERVICE_HANDLERS[name] = app._lazy_handler(name)
    app._state_map[name] = name
    actions.SERVICE_TO_IAM_NAMESPACE[name] = name
    find_resource = actions.extract_resource_arn

    def extract_resource_arn(
        asked: str, method: str, path: str, headers: dict[str, str], body: bytes, *more: Any
    ) -> str:
        if asked != name:
            return str(find_resource(asked, method, path, headers, body, *more))
        try:
            return resource_of(headers.get("x-amz-target", "").rpartition(".")[2], json.loads(body or b"{}"))
        except ValueError:
            return "*"

    actions.extract_resource_arn = extract_resource_arn
