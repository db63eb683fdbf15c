"""The payments of the deployed stack: the workflow's function, the provider behind it, all that the functions do."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

import requests
from botocore.exceptions import ClientError

from scripts import payment_provider
from scripts.local.psp.webhooks import SIGNATURE, sign
from shared.ids import new_id
from tests.stack.conftest import Stack
from tests.waiting import eventually

SECONDS = (3.05, 30.0)
ROTATION_SECONDS = 60.0


@dataclass(frozen=True)
class Till:
    """What the workflow asks of payments, and what the provider has in its books."""

    stack: Stack

    def command(self, command: str, order_id: str, **fields: Any) -> dict[str, Any]:
        """What the function charge answers; an error of the function fails the test."""
        error, outcome = self.try_command(command, order_id, **fields)
        assert error is None, outcome
        done: dict[str, Any] = outcome
        return done

    def try_command(self, command: str, order_id: str, **fields: Any) -> tuple[str | None, Any]:
        if command in ("authorize", "refund"):
            fields["amount"] = {"amount": fields.pop("cents", 1000), "currency": "EUR"}
        if command == "authorize":
            fields = {"payment_method": "pm_approved", "partner_id": self.partner_id} | fields
        request = {"command": command, "order_id": order_id, "correlation_id": "stack-test", **fields}
        return self.stack.invoke("payments.charge", request)

    def charged(self, method: str = "pm_approved") -> str:
        """An order whose payment is captured."""
        order_id = new_id("ord")
        assert self.command("authorize", order_id, payment_method=method) == {"outcome": "authorized"}
        assert self.command("capture", order_id) == {"outcome": "captured"}
        return order_id

    @cached_property
    def partner_id(self) -> str:
        """The id of the demo partner's API key."""
        keys = self.stack.environment.client("apigateway").get_api_keys(includeValues=True)["items"]
        return next(str(key["id"]) for key in keys if key["value"] == self.stack.deployed.api_key("demo"))

    def admin(self, method: str, path: str, **options: Any) -> Any:
        """Ask the provider's dashboard."""
        url = f"{payment_provider.url(self.stack.environment)}/admin/{path}"
        answer = requests.request(method, url, timeout=SECONDS, **options)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def order(self, order_id: str) -> dict[str, Any]:
        """The provider's books of an order: payments, requests, webhooks."""
        found: dict[str, Any] = self.admin("GET", f"orders/{order_id}")
        return found

    @property
    def secret_id(self) -> str:
        return str(self.stack.outputs[payment_provider.API_KEY])

    @property
    def manager(self) -> Any:
        return self.stack.environment.client("secretsmanager")

    def secret(self) -> dict[str, str]:
        value: dict[str, str] = json.loads(self.manager.get_secret_value(SecretId=self.secret_id)["SecretString"])
        return value

    def give(self, secret: str, **value: str) -> None:
        """Give the secret whose ARN is this output of Terraform a value."""
        self.manager.put_secret_value(SecretId=self.stack.outputs[secret], SecretString=json.dumps(value))

    def post_event(self, event: Any, secret: str) -> requests.Response:
        """Post a webhook as the provider does."""
        body = json.dumps(event).encode()
        headers = {SIGNATURE: sign(secret, body, int(time.time())), "Content-Type": "application/json"}
        return requests.post(
            self.stack.deployed.api_url() + payment_provider.WEBHOOKS, data=body, headers=headers, timeout=SECONDS
        )

    def stages(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.manager.describe_secret(SecretId=self.secret_id)["VersionIdsToStages"]
        return found

    def rotate(self) -> bool:
        """Rotate the secret, or go on with a rotation that failed; tells whether it ended well."""
        started = time.time()
        pending = [
            version
            for version, stages in self.stages().items()
            if "AWSPENDING" in stages and "AWSCURRENT" not in stages
        ]
        try:
            token = str(self.manager.rotate_secret(SecretId=self.secret_id)["VersionId"])
        except ClientError as error:
            if "previous rotation isn't complete" not in str(error):
                raise
            [token] = pending

        def verdict() -> str:
            if "AWSCURRENT" in self.stages()[token]:
                return "done"
            return "failed" if self.stack.errors("payments.rotate", started, f'$.version = "{token}"') else ""

        return eventually(verdict, ROTATION_SECONDS) == "done"


def deeds(stack: Stack) -> dict[str, Callable[[], bool]]:
    """Each function asked to do all it can do; tells whether it could."""
    till = Till(stack)
    return {
        "payments.api": lambda: _api_works(till),
        "payments.charge": lambda: _charge_works(till),
        "payments.rotate": till.rotate,
        "payments.webhook": lambda: _webhook_works(till),
    }


def _api_works(till: Till) -> bool:
    return till.stack.client().request("GET", f"/payments/{_stored(till)}").ok


def _charge_works(till: Till) -> bool:
    """With a key that the function cannot know yet, as the only one that is valid."""
    new = till.admin("POST", "api_keys")
    till.give(payment_provider.API_KEY, api_key=new["secret"], api_key_id=new["id"])
    for key in till.admin("GET", "api_keys")["items"]:
        if key["active"] and key["id"] != new["id"]:
            till.admin("DELETE", f"api_keys/{key['id']}")
    return till.try_command("authorize", new_id("ord"))[0] is None


def _webhook_works(till: Till) -> bool:
    """With a signing secret that the function cannot know yet."""
    url = till.stack.deployed.api_url() + payment_provider.WEBHOOKS
    secret = till.admin("PUT", "webhook_endpoint?roll=true", json={"url": url})["secret"]
    till.give(payment_provider.SIGNING, signing_secret=secret)
    payment = {"id": "pay_1", "order_id": _stored(till), "status": "captured", "refunds": []}
    event = {"id": f"pev_{uuid4().hex}", "type": "payment.captured", "data": payment}

    def answered() -> int:
        status = till.post_event(event, secret).status_code
        return 0 if status == 401 else status  # it reads its secret again once a second at most

    return eventually(answered) == 200


def _stored(till: Till) -> str:
    """An authorized payment, put into the table by hand: charge may be the one without its right."""
    order_id = new_id("ord")
    texts = {"order_id": order_id, "record": "payment", "status": "authorized", "currency": "EUR"}
    texts |= {"payment_id": "pay_1", "payment_method": "pm_approved", "partner_id": till.partner_id}
    item: dict[str, Any] = {name: {"S": text} for name, text in texts.items()}
    item |= {"amount": {"N": "1000"}, "version": {"N": "2"}, "refunds": {"M": {}}}
    dynamodb = till.stack.environment.client("dynamodb")
    dynamodb.put_item(TableName=till.stack.outputs["tables"]["payments"], Item=item)
    return order_id
