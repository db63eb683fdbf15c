"""The control plane of a stage's cache: its cluster, which is there at once, and FlushStageCache."""

from __future__ import annotations

from typing import Any

from scripts.local import engine
from scripts.local.gateway.cache import ResponseCache

DEFAULT_SIZE = "0.5"


def install(cache: ResponseCache) -> None:
    gateway = engine.service("apigateway_v1")
    create, update, delete, handle = (
        gateway._create_stage,
        gateway._update_stage,
        gateway._delete_stage,
        gateway.handle_request,
    )

    def create_stage(api_id: str, data: dict[str, Any]) -> Any:
        answer = create(api_id, data)
        return _with_status(api_id, str(data.get("stageName")), answer)

    def update_stage(api_id: str, stage_name: str, data: dict[str, Any]) -> Any:
        """A change of the cluster makes a new, empty one."""
        before = _cluster(api_id, stage_name)
        answer = update(api_id, stage_name, data)
        if _cluster(api_id, stage_name) != before:
            cache.flush(api_id, stage_name)
        return _with_status(api_id, stage_name, answer)

    def delete_stage(api_id: str, stage_name: str) -> Any:
        cache.flush(api_id, stage_name)
        return delete(api_id, stage_name)

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Any:
        match path.strip("/").split("/"):
            case ["restapis", api_id, "stages", stage_name, "cache", "data"] if method == "DELETE":
                if _stage(api_id, stage_name) is None:
                    return gateway._v1_error("NotFoundException", "Invalid stage identifier specified", 404)
                cache.flush(api_id, stage_name)
                return 202, {}, b""
        return await handle(method, path, headers, body, query)

    gateway._create_stage = create_stage
    gateway._update_stage = update_stage
    gateway._delete_stage = delete_stage
    gateway.handle_request = handle_request


def _stage(api_id: str, stage_name: str) -> dict[str, Any] | None:
    stages = engine.service("apigateway_v1")._stages_v1.get(api_id) or {}
    return stages.get(stage_name)


def _cluster(api_id: str, stage_name: str) -> tuple[Any, Any]:
    stage = _stage(api_id, stage_name) or {}
    return bool(stage.get("cacheClusterEnabled")), stage.get("cacheClusterSize")


def _with_status(api_id: str, stage_name: str, answer: Any) -> Any:
    """The answer to a change of a stage, with the size and status of its cluster."""
    stage = _stage(api_id, stage_name)
    if stage is None or answer[0] >= 300:
        return answer
    enabled = bool(stage.get("cacheClusterEnabled"))
    if enabled:
        stage["cacheClusterSize"] = stage.get("cacheClusterSize") or DEFAULT_SIZE
    stage["cacheClusterStatus"] = "AVAILABLE" if enabled else "NOT_AVAILABLE"
    return engine.service("apigateway_v1")._v1_response(stage, answer[0])
