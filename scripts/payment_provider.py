"""Connects the deployed stack with the local cloud's payment provider: what a person does once at a real one.

At a real provider (services/payments/README.md) that is: make an API key, register the webhook address, put both
credentials into the secret.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scripts.console import step
from scripts.local.psp.service import PATH

if TYPE_CHECKING:
    import requests

    from scripts.deployed import Deployed
    from scripts.environment import Environment

WEBHOOKS = "/payments/events"
SECONDS = (3.05, 30.0)


def url(environment: Environment) -> str:
    """Return the base address of the local cloud's payment provider."""
    return environment.settings.endpoint + PATH


def connect(stack: Deployed) -> bool:
    """Register the stack's webhook address and give the stack its credentials; return whether anything changed.

    Raises:
        requests.RequestException: the provider does not answer.
    """
    import requests

    with requests.Session() as session:
        session.trust_env = False
        base = url(stack.environment)
        endpoint = _answered(
            session.put(f"{base}/admin/webhook_endpoint", json={"url": stack.api_url() + WEBHOOKS}, timeout=SECONDS)
        )
        known = _read(stack)
        if known.get("webhook_secret") == endpoint["secret"] and _accepts(session, base, known.get("api_key", "")):
            return False
        with step("Connecting the payment provider") as current:
            key = _answered(session.post(f"{base}/admin/api_keys", timeout=SECONDS))
            value = {"api_key": key["secret"], "api_key_id": key["id"], "webhook_secret": endpoint["secret"]}
            stack.environment.client("secretsmanager").put_secret_value(
                SecretId=stack.outputs["payment_provider_secret_arn"], SecretString=json.dumps(value)
            )
            current.result = "its API key is in the secret, its webhooks come to POST /payments/events"
    return True


def _read(stack: Deployed) -> dict[str, str]:
    """The credentials that the stack has; empty before it has any."""
    manager = stack.environment.client("secretsmanager")
    try:
        answer = manager.get_secret_value(SecretId=stack.outputs["payment_provider_secret_arn"])
    except manager.exceptions.ResourceNotFoundException:
        return {}
    found: dict[str, str] = json.loads(answer["SecretString"])
    return found


def _accepts(session: requests.Session, base: str, api_key: str) -> bool:
    asked = session.get(
        f"{base}/v1/payments",
        params={"order_id": "none"},
        headers={"Authorization": f"Bearer {api_key}"},
        timeout=SECONDS,
    )
    return asked.ok


def _answered(response: requests.Response) -> dict[str, Any]:
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer
