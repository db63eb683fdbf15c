"""Least privilege, both ways: each call that the code makes is allowed, each allowed action is used."""

import json
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from scripts.local.psp.webhooks import SIGNATURE, sign
from tests.component.gateway import Call, sender
from tests.component.grants import Grants, allowed, functions_and_policies, recording
from tests.component.payments.support import PAYMENTS, SECRET, WEBHOOK_SECRET, Charge, euros, new_refund
from tests.component.payments.test_rotation import Step, manager, rotated, step
from tests.component.payments.test_webhook import event
from tests.component.psp import Psp

__all__ = ["manager", "step"]
LOGICAL_NAMES = {PAYMENTS: "payments", SECRET: "provider_secret", WEBHOOK_SECRET: "webhook_secret"}


@pytest.fixture
def used(account: Any) -> Iterator[Grants]:
    """The grants needed by every call that the code under test makes from here on."""
    with recording(LOGICAL_NAMES) as grants:
        yield grants


def test_charge(charge: Charge, used: Grants):
    charge("refund", charge.captured(), refund_id=new_refund(), amount=euros(1))

    assert used == allowed("payments", "charge")


def test_webhook(charge: Charge, psp: Psp, signing_secret: str, handlers: dict[str, ModuleType], used: Grants):
    body = json.dumps(event(psp.payment(charge.captured()), "captured"))
    used.clear()

    headers = {SIGNATURE: sign(signing_secret, body.encode(), int(time.time()))}
    assert sender(handlers["webhook"])("POST", "/payments/events", raw=body, headers=headers).status == 200

    assert used == allowed("payments", "webhook")


def test_api(charge: Charge, call: Call, used: Grants):
    order_id = charge.captured()
    used.clear()

    assert call("GET", f"/payments/{order_id}").status == 200

    assert used == allowed("payments", "api")


def test_rotate(manager: Any, step: Step, credentials: dict[str, str], used: Grants):
    rotated(manager, step)

    assert used == allowed("payments", "rotate")


def test_every_function_has_a_policy_and_every_policy_a_function():
    functions, policies = functions_and_policies("payments")

    assert policies == functions
