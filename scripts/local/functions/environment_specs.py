"""What a function version runs in: its unpacked code and layers, and the variables that Lambda sets."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from scripts.local import engine
from scripts.local.functions import function_code, runtime_packages
from scripts.local.functions.aliases import Target
from scripts.local.functions.environments import EnvironmentSpec
from scripts.local.settings import REGION

_CHANGES_ENVIRONMENT = (
    "CodeSha256",
    "Environment",
    "Handler",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
)


class EnvironmentSpecs:
    """The specs of the versions in use, found again without unpacking anything while nothing has changed."""

    def __init__(self, folder: Path, endpoint: str, xray_daemon: str) -> None:
        self._folder = folder
        self._runtime = runtime_packages.make_folder(folder / "runtime")
        self._surroundings = {"AWS_ENDPOINT_URL": endpoint, "AWS_XRAY_DAEMON_ADDRESS": xray_daemon}
        self._specs: dict[tuple[str, str, str], EnvironmentSpec] = {}

    def of(self, target: Target) -> EnvironmentSpec:
        config = target.config
        identity = (target.name, target.version, _digest(config))
        found = self._specs.get(identity)
        if found is not None and found.task_root.is_dir() and found.layers.is_dir():
            return found
        functions = engine.service("lambda_svc")
        layers = [functions._resolve_layer_zip(layer) for layer in config.get("Layers") or []]
        spec = EnvironmentSpec(
            key=":".join(identity),
            function=target.name,
            version=target.version,
            task_root=function_code.unpack(self._folder, "task", [target.record["code_zip"]]),
            layers=function_code.unpack(self._folder, "opt", [layer for layer in layers if layer]),
            runtime=self._runtime,
            variables=_variables(target, self._surroundings),
            log_group=_log_group(config),
            memory_megabytes=int(config.get("MemorySize") or 128),
        )
        self._specs[identity] = spec
        return spec


def _digest(config: dict[str, Any]) -> str:
    values = json.dumps([config.get(name) for name in _CHANGES_ENVIRONMENT], sort_keys=True)
    return hashlib.sha256(values.encode()).hexdigest()[:16]


def _variables(target: Target, surroundings: dict[str, str]) -> dict[str, str]:
    """What Lambda sets, the role's credentials, the function's own variables, and where the local AWS is."""
    config = target.config
    logging = config.get("LoggingConfig") or {}
    own = (config.get("Environment") or {}).get("Variables") or {}
    log_level = {"AWS_LAMBDA_LOG_LEVEL": logging["ApplicationLogLevel"]} if logging.get("ApplicationLogLevel") else {}
    return {
        **surroundings,
        **own,
        **engine.core("lambda_runtime").execution_credentials(config),
        **log_level,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime')}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize") or 128),
        "AWS_LAMBDA_FUNCTION_NAME": target.name,
        "AWS_LAMBDA_FUNCTION_VERSION": target.version,
        "AWS_LAMBDA_LOG_FORMAT": "JSON" if logging.get("LogFormat") == "JSON" else "Text",
        "AWS_LAMBDA_LOG_GROUP_NAME": _log_group(config),
        "AWS_REGION": REGION,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": surroundings["AWS_XRAY_DAEMON_ADDRESS"],
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "TZ": ":UTC",
        "_HANDLER": str(config.get("Handler")),
    }


def _log_group(config: dict[str, Any]) -> str:
    return (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
