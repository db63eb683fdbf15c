"""Access logs of a stage, and its metrics in AWS/ApiGateway."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from scripts.local import engine
from scripts.local.functions import function_logs
from scripts.local.gateway import request as gateway_request
from scripts.local.gateway.request import GatewayRequest
from scripts.local.gateway.responses import in_json


def log_access(request: GatewayRequest, status: int, length: int) -> bool:
    """Write a line in the stage's format; whether the stage has access logs."""
    settings = request.stage.get("accessLogSettings") or {}
    if not settings.get("destinationArn") or not settings.get("format"):
        return False
    variables = {
        **request.variables(),
        "status": str(status),
        "responseLength": str(length),
        "responseLatency": str(int((time.time() - request.started) * 1000)),
    }
    group = settings["destinationArn"].split(":log-group:", 1)[1].removesuffix(":*")
    stream = hashlib.md5(f"{request.api_id}/{request.stage_name}".encode(), usedforsecurity=False).hexdigest()
    line = gateway_request.render(settings["format"], in_json(variables), "-")
    function_logs.write(group, stream, [(int(time.time() * 1000), line)])
    return True


def method_settings(stage: dict[str, Any], resource_path: str, method: str) -> tuple[dict[str, Any], bool]:
    """The stage's settings for a method, and whether they are the method's own rather than those of all methods."""
    settings = stage.get("methodSettings") or {}
    path = resource_path.lstrip("/")
    for key in (f"/{path}/{method}", f"{path}/{method}"):
        if key in settings:
            return dict(settings[key]), True
    return dict(settings.get("*/*") or {}), False


def record_metrics(request: GatewayRequest, status: int) -> None:
    """Count, errors (0 or 1, so that the average is the rate) and latency in ms, by API and by API and stage.

    With detailed metrics also by resource and method.
    """
    values = [
        ("Count", 1, "Count"),
        ("4XXError", int(400 <= status < 500), "Count"),
        ("5XXError", int(status >= 500), "Count"),
        ("Latency", (time.time() - request.started) * 1000, "Milliseconds"),
    ]
    if "latency" in request.integration:
        values.append(("IntegrationLatency", float(request.integration["latency"]), "Milliseconds"))
    if request.cache_hit is not None:
        values.append(("CacheHitCount", int(request.cache_hit), "Count"))
        values.append(("CacheMissCount", int(not request.cache_hit), "Count"))
    record = engine.service("cloudwatch").record_metric
    for dimensions in _dimensions(request):
        for name, value, unit in values:
            record("AWS/ApiGateway", name, float(value), unit, dimensions)


def _dimensions(request: GatewayRequest) -> list[dict[str, str]]:
    api = {"ApiName": str(engine.service("apigateway_v1")._rest_apis.get(request.api_id)["name"])}
    stage = {**api, "Stage": request.stage_name}
    settings, _ = method_settings(request.stage, request.resource_path, request.method)
    if not settings.get("metricsEnabled") or not request.resource_path:
        return [api, stage]
    return [api, stage, {**stage, "Resource": request.resource_path, "Method": request.method}]
