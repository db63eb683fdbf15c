"""Deployments of REST APIs are snapshots: a stage serves what was deployed to it, not what was changed since."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from scripts.local import engine

_STORES = ("_rest_apis", "_resources", "_authorizers_v1", "_models", "_request_validators")
_STATE = "deployed_apis"
Parts = dict[str, Any]

_serving: ContextVar[tuple[str, Parts] | None] = ContextVar("deployment", default=None)


class Deployments:
    """The snapshots by API and deployment. While a stage is served, ministack's stores answer from its snapshot."""

    def __init__(self) -> None:
        self._snapshots: dict[str, dict[str, Parts]] = {}
        self._engine = engine.service("apigateway_v1")

    def install(self) -> None:
        gateway = self._engine
        for name in _STORES:
            setattr(gateway, name, _with_deployed(getattr(gateway, name), name))
        self._keep_snapshots()
        self._persist()
        authorization = gateway.method_authorization_type

        def deployed_authorization(api_id: str, stage_name: str, method: str, path: str) -> Any:
            with self.serving(api_id, gateway.stages_for_api(api_id).get(stage_name)):
                return authorization(api_id, stage_name, method, path)

        gateway.method_authorization_type = deployed_authorization

    @contextmanager
    def serving(self, api_id: str, stage: dict[str, Any] | None) -> Iterator[None]:
        """Serve the API as it was deployed to a stage; as it is when that deployment is not known."""
        parts = self._snapshots.get(api_id, {}).get((stage or {}).get("deploymentId", ""))
        token = _serving.set((api_id, parts) if parts else None)
        try:
            yield
        finally:
            _serving.reset(token)

    def _keep_snapshots(self) -> None:
        gateway = self._engine
        create, delete, delete_api = gateway._create_deployment, gateway._delete_deployment, gateway._delete_rest_api

        def create_deployment(api_id: str, data: dict[str, Any]) -> Any:
            known = set(gateway._deployments_v1.get(api_id) or {})
            answer = create(api_id, data)
            for made in set(gateway._deployments_v1.get(api_id) or {}) - known:
                parts = {name: copy.deepcopy(getattr(gateway, name).get(api_id)) for name in _STORES}
                self._snapshots.setdefault(api_id, {})[made] = parts
            return answer

        def delete_deployment(api_id: str, deployment_id: str) -> Any:
            self._snapshots.get(api_id, {}).pop(deployment_id, None)
            return delete(api_id, deployment_id)

        def delete_rest_api(api_id: str) -> Any:
            self._snapshots.pop(api_id, None)
            return delete_api(api_id)

        gateway._create_deployment = create_deployment
        gateway._delete_deployment = delete_deployment
        gateway._delete_rest_api = delete_rest_api

    def _persist(self) -> None:
        gateway = self._engine
        state, load = gateway.get_state, gateway.load_persisted_state

        def load_with_snapshots(data: dict[str, Any] | None) -> None:
            load(data)
            self._snapshots.update((data or {}).get(_STATE, {}))

        gateway.get_state = lambda: {**state(), _STATE: self._snapshots}
        gateway.load_persisted_state = load_with_snapshots


def _with_deployed(live: Any, name: str) -> Any:
    """A store over the same data that is read from the deployment that is being served."""

    class Deployed(type(live)):  # type: ignore[misc]
        __slots__ = ()

        def get(self, key: str, default: Any = None) -> Any:
            return _deployed_part(name, key, super().get(key, default))

        def get_scoped(self, account: str, region: str, key: str, default: Any = None) -> Any:
            return _deployed_part(name, key, super().get_scoped(account, region, key, default))

    store = Deployed()
    store._data = live._data
    return store


def _deployed_part(name: str, api_id: str, live: Any) -> Any:
    serving = _serving.get()
    if serving is None or serving[0] != api_id or serving[1][name] is None:
        return live
    return serving[1][name]
