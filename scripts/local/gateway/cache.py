"""Response caching of a stage: by method settings, keyed by cache key parameters, invalidated by clients or flushed.

Only answers of integrations are kept, whatever their status; those of the gateway itself never are.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.local import engine
from scripts.local.gateway.logs import method_settings
from scripts.local.gateway.mapping import request_value
from scripts.local.gateway.request import GatewayRequest
from scripts.local.gateway.responses import Response, refused
from scripts.local.settings import ACCOUNT_ID, REGION

LARGEST_BYTES = 1024 * 1024
_ENTRIES = 10_000
_WARNING = '199 - "Cache-Control was ignored: not authorized to invalidate the cache"'

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where to look for an answer, and where to keep it: `found` is None on a miss, `warning` a header to add."""

    key: Key
    seconds: float
    found: Response | None
    warning: str | None = None


class ResponseCache:
    """The cache clusters of all stages. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[Key, tuple[float, Response]] = OrderedDict()
        self._lock = threading.Lock()

    def look_up(self, request: GatewayRequest, integration: dict[str, Any]) -> Lookup | None:
        """None when the method is not cached. Raises RefusedError when a client may not invalidate."""
        settings, own = method_settings(request.stage, request.resource_path, request.method)
        seconds = float(settings.get("cacheTtlInSeconds", 300))
        cached = settings.get("cachingEnabled") and (own or request.method == "GET") and seconds > 0
        if not request.stage.get("cacheClusterEnabled") or not cached:
            return None
        names = sorted(integration.get("cacheKeyParameters") or [])
        values = tuple(request_value(name, request) for name in names)
        namespace = integration.get("cacheNamespace") or request.resource_id
        key = (request.api_id, request.stage_name, namespace, request.method, *values)
        invalidate, warning = _invalidation(request, settings)
        found = None if invalidate else self.get(key)
        request.cache_hit = found is not None
        return Lookup(key, seconds, found, warning)

    def get(self, key: Key) -> Response | None:
        with self._lock:
            expires, response = self._entries.get(key, (0.0, None))
            return response if response is not None and self._clock() < expires else None

    def keep(self, lookup: Lookup, response: Response) -> None:
        if len(response[2]) > LARGEST_BYTES:
            return
        with self._lock:
            self._entries.pop(lookup.key, None)
            self._entries[lookup.key] = (self._clock() + lookup.seconds, response)
            if len(self._entries) > _ENTRIES:
                self._entries.popitem(last=False)

    def flush(self, api_id: str, stage_name: str) -> None:
        with self._lock:
            for key in [key for key in self._entries if key[:2] == (api_id, stage_name)]:
                del self._entries[key]


def _invalidation(request: GatewayRequest, settings: dict[str, Any]) -> tuple[bool, str | None]:
    """Whether the client's Cache-Control: max-age=0 holds, and the warning when it is ignored."""
    if "max-age=0" not in request.headers.get("cache-control", "").replace(" ", ""):
        return False, None
    if not settings.get("requireAuthorizationForCacheControl", True) or _may_invalidate(request):
        return True, None
    strategy = settings.get("unauthorizedCacheControlHeaderStrategy")
    if strategy == "FAIL_WITH_403":
        raise refused("ACCESS_DENIED", "User is not authorized to invalidate the cache")
    return False, _WARNING if strategy != "SUCCEED_WITHOUT_RESPONSE_HEADER" else None


def _may_invalidate(request: GatewayRequest) -> bool:
    """Whether the caller of a method with IAM authorization has execute-api:InvalidateCache on it."""
    if request.caller is None:
        return False
    method = f"{request.api_id}/{request.stage_name}/{request.method}{request.path}"
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{method}"
    access_key = str(request.caller["accessKey"])
    evaluator = engine.core("iam_evaluator")
    return evaluator.enforce(access_key, "execute-api:InvalidateCache", "apigateway", REGION, arn) is None
