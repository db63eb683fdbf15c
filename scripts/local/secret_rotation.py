"""Secrets Manager rotation: the secret's function is called with four steps, and CancelRotateSecret ends it.

AWS documents: RotateSecret labels an empty version AWSPENDING; createSecret, setSecret, testSecret and finishSecret
follow each other, each with SecretId and ClientRequestToken; the function moves AWSCURRENT in the last one. With
RotateImmediately=false only testSecret runs, and AWSPENDING is taken off again. While AWSPENDING is on a version that
is not current, the earlier rotation is tried again and RotateSecret says so.
"""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from scripts.local import engine
from scripts.local.functions import aliases, resource_policies
from scripts.local.functions.functions import Functions
from scripts.local.functions.invocations import Source

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PRINCIPAL = "secretsmanager.amazonaws.com"
Answer = tuple[int, dict[str, str], bytes]
Secret = dict[str, Any]
logger = logging.getLogger("tradepost.secret_rotation")


class SecretRotation:
    """Replaces ministack's RotateSecret, which makes a copy of the value the current version."""

    def __init__(self, functions: Functions, changed: Callable[[], None]) -> None:
        self._functions = functions
        self._changed = changed
        self._secrets = engine.service("secretsmanager")
        self._running: dict[str, bool] = {}
        """By secret: whether it was asked for again meanwhile."""

        self._lock = threading.Lock()

    def install(self) -> None:
        service = self._secrets
        handle, get_value, describe = service.handle_request, service._get_secret_value, service._describe_secret

        async def handle_cancel_too(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
        ) -> Any:
            if headers.get("x-amz-target", "").endswith(".CancelRotateSecret"):
                return self.cancel(json.loads(body))
            return await handle(method, path, headers, body, query)

        def get_existing_value(data: dict[str, Any]) -> Any:
            status, headers, body = get_value(data)
            found = json.loads(body)
            if status == 200 and "SecretString" not in found and "SecretBinary" not in found:
                message = f"Secrets Manager can't find the specified secret value for VersionId: {found['VersionId']}"
                return _error("ResourceNotFoundException", message)
            return status, headers, body

        def describe_with_date(data: dict[str, Any]) -> Any:
            status, headers, body = describe(data)
            rotated = (service._resolve(data.get("SecretId"))[1] or {}).get("LastRotatedDate")
            if status == 200 and rotated:
                body = json.dumps({**json.loads(body), "LastRotatedDate": rotated}).encode()
            return status, headers, body

        service.handle_request = handle_cancel_too
        service._get_secret_value = get_existing_value
        service._describe_secret = describe_with_date
        service._rotate_secret = self.rotate

    def rotate(self, data: dict[str, Any]) -> Answer:
        """RotateSecret: answers at once, the steps run behind it."""
        secret = self._find(data)
        if isinstance(secret, tuple):
            return secret
        function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
        refused = self._refusal(secret, function)
        if refused is not None:
            return refused
        unfinished = _unfinished(secret)
        secret["RotationLambdaARN"] = function
        secret["RotationRules"] = data.get("RotationRules") or secret.get("RotationRules")
        secret["RotationEnabled"] = True
        if unfinished:
            self._start(secret, unfinished, STEPS)
            return _error(
                "InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted."
            )
        token = str(data.get("ClientRequestToken") or uuid.uuid4())
        self._secrets._remove_stage_everywhere(secret, "AWSPENDING")
        secret["Versions"][token] = {
            "SecretString": None,
            "SecretBinary": None,
            "CreatedDate": int(time.time()),
            "Stages": ["AWSPENDING"],
        }
        immediately = data.get("RotateImmediately", True)
        self._start(secret, token, STEPS if immediately else ("testSecret",))
        return _answer({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token})

    def cancel(self, data: dict[str, Any]) -> Answer:
        """CancelRotateSecret: no further step, no further rotation; labels stay where they are."""
        secret = self._find(data)
        if isinstance(secret, tuple):
            return secret
        secret["RotationEnabled"] = False
        pending = _unfinished(secret)
        return _answer({"ARN": secret["ARN"], "Name": secret["Name"], **({"VersionId": pending} if pending else {})})

    def _find(self, data: dict[str, Any]) -> Secret | Answer:
        secret: Secret | None = self._secrets._resolve(data.get("SecretId"))[1]
        if secret is None:
            return _error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        if secret.get("DeletedDate"):
            message = "You can't perform this operation on the secret because it was marked for deletion."
            return _error("InvalidRequestException", message)
        return secret

    def _refusal(self, secret: Secret, function: str | None) -> Answer | None:
        if not function:
            message = "No Lambda rotation function ARN is associated with this secret."
            return _error("InvalidRequestException", message)
        if not resource_policies.may_invoke(function, PRINCIPAL, secret["ARN"]):
            message = (
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
                f"access to the principal {PRINCIPAL}."
            )
            return _error("AccessDeniedException", message)
        return None

    def _start(self, secret: Secret, token: str, steps: Sequence[str]) -> None:
        with self._lock:
            if secret["ARN"] in self._running:
                self._running[secret["ARN"]] = True
                return
            self._running[secret["ARN"]] = False
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._run, secret, token, steps), name="rotation", daemon=True).start()

    def _run(self, secret: Secret, token: str, steps: Sequence[str]) -> None:
        try:
            done = all(self._step(secret, token, step) for step in steps)
            if steps != STEPS:
                # A test leaves nothing behind, however it ends.
                self._secrets._remove_stage(secret, token, "AWSPENDING")
            elif done:
                secret["LastRotatedDate"] = int(time.time())
        finally:
            with self._lock:
                again = self._running.pop(secret["ARN"])
            self._changed()
            unfinished = _unfinished(secret)
            if again and unfinished:
                self._start(secret, unfinished, STEPS)

    def _step(self, secret: Secret, token: str, step: str) -> bool:
        """Call the function for a step; False when it failed or the rotation was canceled before."""
        if not secret.get("RotationEnabled"):
            return False
        event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": token}
        name, qualifier = aliases.split_reference(secret["RotationLambdaARN"])
        try:
            result = self._functions.invoke(name, qualifier, event, Source.SERVICE)
        except aliases.FunctionNotFoundError as error:
            logger.warning("rotation of %s ends at %s: %s", secret["Name"], step, error)
            return False
        if result.failed:
            reason = result.payload[:300].decode(errors="replace")
            logger.warning("rotation of %s ends at %s: %s", secret["Name"], step, reason)
        return not result.failed


def _unfinished(secret: Secret) -> str | None:
    """The version that an earlier rotation left pending."""
    for version, found in secret["Versions"].items():
        if "AWSPENDING" in found["Stages"] and "AWSCURRENT" not in found["Stages"]:
            return str(version)
    return None


def _answer(body: dict[str, Any]) -> Answer:
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(body).encode()


def _error(code: str, message: str) -> Answer:
    body = json.dumps({"__type": code, "message": message, "Message": message}).encode()
    return 400, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}, body
