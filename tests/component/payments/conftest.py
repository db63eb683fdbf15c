"""The payments service in process: DynamoDB and Secrets Manager by moto, the payment provider over real HTTP."""

import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.component.gateway import Call, log_to_stdout, sender
from tests.component.moto_account import moto_account
from tests.component.payments.support import ENVIRONMENT, PAYMENTS, SECRET, WEBHOOK_SECRET, Charge
from tests.component.psp import Psp, started

type GiveSecret = Callable[..., None]


@pytest.fixture(scope="session")
def psp() -> Iterator[Psp]:
    with started() as provider:
        yield provider


@pytest.fixture(scope="session")
def account(psp: Psp) -> Iterator[Any]:
    """One moto account with the service's table and secrets; yields its clients by name."""
    with moto_account({**ENVIRONMENT, "PAYMENT_PROVIDER_URL": psp.url}):
        dynamodb, manager = boto3.client("dynamodb"), boto3.client("secretsmanager")
        dynamodb.create_table(
            TableName=PAYMENTS,
            KeySchema=[
                {"AttributeName": "order_id", "KeyType": "HASH"},
                {"AttributeName": "record", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("order_id", "record")],
            BillingMode="PAY_PER_REQUEST",
        )
        for secret in (SECRET, WEBHOOK_SECRET):
            manager.create_secret(Name=secret)
        yield {"dynamodb": dynamodb, "secretsmanager": manager}


@pytest.fixture
def cloud(account: Any) -> Any:
    """The account with an empty table, and secrets without values."""
    for item in account["dynamodb"].scan(TableName=PAYMENTS)["Items"]:
        key = {name: item[name] for name in ("order_id", "record")}
        account["dynamodb"].delete_item(TableName=PAYMENTS, Key=key)
    for secret in (SECRET, WEBHOOK_SECRET):
        account["secretsmanager"].delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
        account["secretsmanager"].create_secret(Name=secret)
    return account


@pytest.fixture
def give_secret(cloud: Any) -> GiveSecret:
    """Give a secret a value: that of the provider's API, or another one."""

    def give(value: dict[str, str], secret: str = SECRET) -> None:
        cloud["secretsmanager"].put_secret_value(SecretId=secret, SecretString=json.dumps(value))

    return give


@pytest.fixture
def credentials(psp: Psp, give_secret: GiveSecret) -> dict[str, str]:
    """The provider's secret, with a key that it accepts."""
    key = psp.key()
    value = {"api_key": key["secret"], "api_key_id": key["id"]}
    give_secret(value)
    return value


@pytest.fixture
def signing_secret(psp: Psp, give_secret: GiveSecret) -> str:
    """What the provider signs its webhooks with; the service knows it."""
    endpoint = psp.admin("PUT", "webhook_endpoint", json={"url": "http://127.0.0.1:9/nobody"}).json()
    give_secret({"signing_secret": endpoint["secret"]}, WEBHOOK_SECRET)
    return str(endpoint["secret"])


@pytest.fixture
def handlers(
    cloud: Any, credentials: dict[str, str], signing_secret: str, psp: Psp, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, ModuleType]]:
    """The handler modules by function name, as new processes have them; their log goes to standard output."""
    from payments.handlers import api, charge, rotate, webhook

    log_to_stdout(monkeypatch)
    for made_once in (api.store, charge.resources, rotate.resources, webhook.resources):
        made_once.cache_clear()
    yield {"api": api, "charge": charge, "rotate": rotate, "webhook": webhook}
    psp.outage(0)


@pytest.fixture
def charge(handlers: dict[str, ModuleType], psp: Psp, give_secret: GiveSecret) -> Charge:
    return Charge(handlers["charge"], psp, give_secret)


@pytest.fixture
def call(handlers: dict[str, ModuleType]) -> Call:
    """Send a request of a partner."""
    return sender(handlers["api"])
