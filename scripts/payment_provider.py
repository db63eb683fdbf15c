"""Connects the deployed stack with the local cloud's payment provider: what a person does once at a real one.

At a real provider (services/payments/README.md) that is: make an API key, register the webhook address, put the key and
the signing secret into their secrets.
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
API_KEY, SIGNING = "payment_provider_secret_arn", "payment_webhook_secret_arn"
"""Terraform's outputs with the ARNs of the secrets."""

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
        missing: dict[str, dict[str, str]] = {}
        if not _accepts(session, base, _read(stack, API_KEY).get("api_key", "")):
            key = _answered(session.post(f"{base}/admin/api_keys", timeout=SECONDS))
            missing[API_KEY] = {"api_key": key["secret"], "api_key_id": key["id"]}
        if _read(stack, SIGNING).get("signing_secret") != endpoint["secret"]:
            missing[SIGNING] = {"signing_secret": endpoint["secret"]}
    if not missing:
        return False
    with step("Connecting the payment provider") as current:
        for secret, value in missing.items():
            stack.environment.client("secretsmanager").put_secret_value(
                SecretId=stack.outputs[secret], SecretString=json.dumps(value)
            )
        current.result = "its API key is in its secret, its webhooks come to POST /payments/events"
    return True


def _read(stack: Deployed, secret: str) -> dict[str, str]:
    """The value of the secret whose ARN is this output; empty before it has any."""
    manager = stack.environment.client("secretsmanager")
    try:
        answer = manager.get_secret_value(SecretId=stack.outputs[secret])
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
