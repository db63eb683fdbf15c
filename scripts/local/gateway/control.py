"""The control plane of REST APIs as Terraform needs it: JSON patches, generated keys, no drift in the second plan."""

from __future__ import annotations

from typing import Any

from scripts.local import engine

_BOOLEANS = frozenset(
    {
        "apiKeyRequired",
        "cacheClusterEnabled",
        "disableExecuteApiEndpoint",
        "enabled",
        "tracingEnabled",
        "useStageCache",
        "validateRequestBody",
        "validateRequestParameters",
    }
)
_INTEGERS = frozenset(
    {
        "authorizerResultTtlInSeconds",
        "burstLimit",
        "limit",
        "minimumCompressionSize",
        "offset",
        "timeoutInMillis",
    }
)
_DECIMALS = frozenset({"percentTraffic", "rateLimit"})
_LISTS = frozenset({"authorizationScopes", "binaryMediaTypes", "cacheKeyParameters", "providerARNs"})
_FLAG_MAPS = frozenset({"requestParameters", "responseParameters"})
_ABSENT_WHEN_EMPTY = frozenset({"accessLogSettings", "quota"})


def install() -> None:
    gateway = engine.service("apigateway_v1")
    create_key, put_integration, response = gateway._create_api_key, gateway._put_integration, gateway._v1_response

    def create_api_key(data: dict[str, Any]) -> Any:
        """An empty value, which Terraform sends when it has none, means that the gateway makes one."""
        return create_key({name: value for name, value in data.items() if name != "value" or value})

    def put_integration_as_given(api_id: str, resource_id: str, method: str, data: dict[str, Any]) -> Any:
        """A MOCK integration has no HTTP method of its own."""
        answer = put_integration(api_id, resource_id, method, data)
        if data.get("type") != "MOCK" or "httpMethod" in data or answer[0] >= 300:
            return answer
        stored = gateway._resources[api_id][resource_id]["resourceMethods"][method]["methodIntegration"]
        stored.pop("httpMethod", None)
        return response(stored, 201)

    gateway._apply_patch = apply_patch
    gateway._create_api_key = create_api_key
    gateway._put_integration = put_integration_as_given
    gateway._v1_response = lambda data, status=200: response(_without_empty(data), status)


def apply_patch(target: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    """Apply API Gateway's patch operations in place: escaped paths, typed values, members of lists."""
    for operation in operations:
        path = str(operation.get("path", "")).lstrip("/")
        if path:
            keys = [key.replace("~1", "/").replace("~0", "~") for key in path.split("/")]
            _apply(target, keys, operation.get("op", "replace"), operation.get("value"))
    return target


def _apply(target: dict[str, Any], keys: list[str], operation: str, value: Any) -> None:
    if keys[0] in _LISTS:
        _change_list(target, keys, operation, value)
        return
    if keys[0] == "apiStages" and len(keys) == 1:
        _change_api_stages(target, operation, str(value))
        return
    place = target
    for key in keys[:-1]:
        if not isinstance(place.get(key), dict):
            if operation == "remove":
                return
            place[key] = {}
        place = place[key]
    if operation == "remove":
        place.pop(keys[-1], None)
    else:
        place[keys[-1]] = _typed(target, keys, value)


def _change_list(target: dict[str, Any], keys: list[str], operation: str, value: Any) -> None:
    members = list(target.get(keys[0]) or [])
    member = keys[1] if len(keys) > 1 else value
    if operation == "remove":
        members = [kept for kept in members if member is not None and kept != member]
    elif member not in members:
        members.append(member)
    target[keys[0]] = members


def _change_api_stages(plan: dict[str, Any], operation: str, value: str) -> None:
    """A usage plan's stages are added and removed as "<api id>:<stage>"."""
    api_id, _, stage = value.partition(":")
    kept = [entry for entry in plan.get("apiStages") or [] if (entry["apiId"], entry["stage"]) != (api_id, stage)]
    plan["apiStages"] = kept if operation == "remove" else [*kept, {"apiId": api_id, "stage": stage}]


def _typed(target: dict[str, Any], keys: list[str], value: Any) -> Any:
    name = keys[-1]
    if value is None:
        return None
    is_flag = keys[0] in _FLAG_MAPS and len(keys) == 2 and _holds_flags(target, keys[0])
    if name in _BOOLEANS or is_flag:
        return str(value).lower() == "true"
    if name in _INTEGERS:
        return int(value)
    return float(value) if name in _DECIMALS else value


def _holds_flags(target: dict[str, Any], name: str) -> bool:
    """Methods and method responses say with true or false whether a parameter is required; integrations map text."""
    return "authorizationType" in target if name == "requestParameters" else "responseModels" in target


def _without_empty(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    if isinstance(data.get("item"), list):
        return {**data, "item": [_without_empty(entry) for entry in data["item"]]}
    return {name: value for name, value in data.items() if value != {} or name not in _ABSENT_WHEN_EMPTY}
