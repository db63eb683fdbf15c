"""Provisioned concurrency: environments that are started, and have run INIT, before the first invocation.

AWS documents: a config belongs to an alias or a version; it is IN_PROGRESS until its environments are ready, then
READY, or FAILED when INIT fails; the environments of an alias with weights are shared out by the weights; what they
cannot serve runs in environments on demand; the config of an alias with weights cannot be set. AWS does not document,
but does: an alias that moves to another version keeps all traffic at the old one, by a weight of 1, until the new one's
environments are ready; if they never are, it stays so.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from scripts.local import engine
from scripts.local.functions.functions import Functions
from scripts.local.settings import ACCOUNT_ID, REGION

CHECK_SECONDS = 1.0
_CHANGES = ("_delete_provisioned_concurrency", "_create_alias", "_update_alias", "_delete_alias", "_delete_function")
KEEP_OLD = 1.0
"""The weight of the version before while the environments of the next one start."""
logger = logging.getLogger("tradepost.provisioned_concurrency")
Version = tuple[str, str]


class ProvisionedConcurrency:
    """Keeps as many environments ready as the configs of all functions ask for."""

    def __init__(self, functions: Functions, changed: Callable[[], None]) -> None:
        self._functions = functions
        self._changed = changed
        self._service = engine.service("lambda_svc")
        self._woken = threading.Event()
        self._failed: set[Version] = set()
        self._provisioned = False

    def install(self) -> None:
        put = self._service._put_provisioned_concurrency

        def put_in_progress(name: str, qualifier: str, request: dict[str, Any]) -> Any:
            refusal = self._refusal(name, qualifier, int(request.get("ProvisionedConcurrentExecutions") or 0))
            if refusal:
                return self._service.error_response_json("InvalidParameterValueException", refusal, 400)
            answer = put(name, qualifier, request)
            config = (self._service._functions.get(name) or {}).get("provisioned_concurrency", {}).get(qualifier)
            if answer[0] != 202 or config is None:
                return answer
            config.update(_figures(0), Status="IN_PROGRESS")
            self._failed -= {version for version in self._failed if version[0] == name}
            self._woken.set()
            return self._service.json_response(config, 202)

        self._service._put_provisioned_concurrency = put_in_progress
        self._service._update_alias = self._warm_first(self._service._update_alias)
        for operation in _CHANGES:
            setattr(self._service, operation, self._then_wake(getattr(self._service, operation)))

    def start(self) -> None:
        """Begin to start environments; only after the saved configs are back."""
        threading.Thread(target=self._keep, name="provisioned-concurrency", daemon=True).start()

    def _warm_first(self, update: Callable[..., Any]) -> Callable[..., Any]:
        """UpdateAlias that keeps the traffic where it is until the next version's environments are ready."""

        def update_warm(name: str, alias_name: str, request: dict[str, Any]) -> Any:
            function = self._service._functions.get(name) or {}
            alias = function.get("aliases", {}).get(alias_name, {})
            before = alias.get("FunctionVersion")
            answer = update(name, alias_name, request)
            config = (function.get("provisioned_concurrency") or {}).get(alias_name)
            moved = answer[0] == 200 and alias.get("FunctionVersion") != before
            if config is not None and moved and not _weights(alias):
                alias["RoutingConfig"] = {"AdditionalVersionWeights": {before: KEEP_OLD}}
                config.update(_figures(0), Status="IN_PROGRESS")
                return self._service.json_response(alias)
            return answer

        return update_warm

    def _then_wake(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def operation_then_wake(*args: Any, **more: Any) -> Any:
            answer = operation(*args, **more)
            self._woken.set()
            return answer

        return operation_then_wake

    def _refusal(self, name: str, qualifier: str, requested: int) -> str | None:
        """Why Lambda does not accept a config, in its words."""
        function = self._service._functions.get(name)
        if function is None:
            return None
        alias = function["aliases"].get(qualifier)
        if (alias or {}).get("FunctionVersion", qualifier or "$LATEST") == "$LATEST":
            return "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        if _weights(alias):
            return "Alias with weights can not be used with Provisioned Concurrency"
        reserved = function.get("concurrency")
        if reserved is not None and requested > int(reserved):
            return (
                "Requested Provisioned Concurrency should not be greater than the "
                "reservedConcurrentExecution for function"
            )
        return None

    def _keep(self) -> None:
        while True:
            self._woken.clear()
            try:
                with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
                    self._reconcile()
            except Exception:
                logger.exception("provisioned environments could not be brought up to date; this goes on")
            self._woken.wait(CHECK_SECONDS)

    def _reconcile(self) -> None:
        shares = {
            (name, qualifier): alias_shares(function["aliases"].get(qualifier), qualifier, config)
            for (_, _, name), function in list(self._service._functions._data.items())
            for qualifier, config in list((function.get("provisioned_concurrency") or {}).items())
        }
        wanted: Counter[Version] = Counter()
        for (name, _), share in shares.items():
            wanted.update({(name, version): count for version, count in share.items()})
        if not wanted and not self._provisioned:
            return
        self._provisioned = bool(wanted)
        possible = {version: count for version, count in wanted.items() if version not in self._failed}
        ready = self._functions.provision(possible)
        self._failed |= {version for version, count in possible.items() if ready[version] < count}
        for (name, qualifier), share in shares.items():
            self._finish_move(name, qualifier, share, ready)
            self._tell(name, qualifier, share, ready)

    def _finish_move(self, name: str, qualifier: str, share: dict[str, int], ready: dict[Version, int]) -> None:
        """Let an alias that has moved send its traffic to its version, whose environments are ready."""
        alias = self._service._functions[name]["aliases"].get(qualifier)
        if not _moves(alias) or alias["FunctionVersion"] not in share:
            return
        main = alias["FunctionVersion"]
        if ready.get((name, main), 0) >= share[main]:
            alias.pop("RoutingConfig")
            self._changed()
            self._woken.set()

    def _tell(self, name: str, qualifier: str, share: dict[str, int], ready: dict[Version, int]) -> None:
        """Write down how far a config is."""
        config = self._service._functions[name]["provisioned_concurrency"].get(qualifier)
        if config is None:
            return
        available = sum(min(count, ready.get((name, version), 0)) for version, count in share.items())
        failed = any((name, version) in self._failed for version in share)
        status = {"Status": "FAILED" if failed else "READY", **_figures(available)}
        if failed:
            status["StatusReason"] = "FUNCTION_ERROR_INIT_FAILURE"
        if json.dumps(config) != json.dumps({**config, **status}):
            config.update(status)
            if not failed:
                config.pop("StatusReason", None)
            self._changed()


def alias_shares(alias: dict[str, Any] | None, qualifier: str, config: dict[str, Any]) -> dict[str, int]:
    """How many environments each version gets: an alias shares them out by its weights."""
    requested = int(config["RequestedProvisionedConcurrentExecutions"])
    if alias is None:
        return {qualifier: requested}
    main = alias["FunctionVersion"]
    if _moves(alias):
        return {**dict.fromkeys(_weights(alias), requested), main: requested}
    shares = {version: round(requested * float(weight)) for version, weight in _weights(alias).items()}
    return {**shares, main: requested - sum(shares.values())}


def _weights(alias: dict[str, Any] | None) -> dict[str, float]:
    weights: dict[str, float] = ((alias or {}).get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return weights


def _moves(alias: dict[str, Any] | None) -> bool:
    """Whether an alias waits for the environments of its version."""
    return KEEP_OLD in map(float, _weights(alias).values())


def _figures(available: int) -> dict[str, Any]:
    names = ("AvailableProvisionedConcurrentExecutions", "AllocatedProvisionedConcurrentExecutions")
    return dict.fromkeys(names, available)
