"""Rotation of the provider's key: the four steps against Secrets Manager and the provider, each of them repeated."""

import json
import uuid
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.component.gateway import Context
from tests.component.payments.support import SECRET, Charge
from tests.component.psp import Psp

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")

type Step = Callable[[str, str], None]


@pytest.fixture
def manager(cloud: Any) -> Any:
    return cloud["secretsmanager"]


@pytest.fixture
def step(handlers: dict[str, ModuleType]) -> Step:
    """Call the function for a step of the rotation to a version."""

    def run(name: str, token: str) -> None:
        event = {"Step": name, "SecretId": SECRET, "ClientRequestToken": token}
        handlers["rotate"].handler(event, Context())

    return run


def pending(manager: Any) -> str:
    """A new version that waits for its value, as RotateSecret makes one."""
    token = str(uuid.uuid4())
    secret = manager_state(manager)
    secret.versions[token] = {"version_id": token, "version_stages": ["AWSPENDING"], "createdate": 0}
    return token


def manager_state(manager: Any) -> Any:
    """The secret inside moto, to give it a version without a value, which its API cannot."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.secretsmanager.models import secretsmanager_backends

    return secretsmanager_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].secrets[SECRET]


def value(manager: Any, stage: str = "AWSCURRENT") -> dict[str, str]:
    found: dict[str, str] = json.loads(manager.get_secret_value(SecretId=SECRET, VersionStage=stage)["SecretString"])
    return found


def rotated(manager: Any, step: Step) -> str:
    token = pending(manager)
    for name in STEPS:
        step(name, token)
    return token


def active(psp: Psp) -> set[str]:
    return {key["id"] for key in psp.admin("GET", "api_keys").json()["items"] if key["active"]}


def test_a_rotation_makes_a_new_key_and_keeps_the_old_one(
    manager: Any, step: Step, psp: Psp, credentials: dict[str, str]
):
    rotated(manager, step)
    new = value(manager)
    assert new["api_key"] != credentials["api_key"]
    assert value(manager, "AWSPREVIOUS") == credentials
    assert {credentials["api_key_id"], new["api_key_id"]} <= active(psp)
    assert "AWSPENDING" not in str(manager.describe_secret(SecretId=SECRET)["VersionIdsToStages"])


def test_the_next_rotation_revokes_the_key_before(manager: Any, step: Step, psp: Psp, credentials: dict[str, str]):
    rotated(manager, step)
    first = value(manager)
    rotated(manager, step)
    assert credentials["api_key_id"] not in active(psp)
    assert {first["api_key_id"], value(manager)["api_key_id"]} <= active(psp)


def test_every_step_may_come_again(manager: Any, step: Step, psp: Psp, credentials: dict[str, str]):
    before, token = active(psp), pending(manager)
    for name in STEPS:
        for _ in range(2):
            step(name, token)
    assert len(active(psp) - before) == 1
    for name in STEPS:
        step(name, token)
    assert value(manager)["api_key_id"] in active(psp) - before


def test_a_create_that_crashed_after_making_the_key_makes_no_second_one(
    manager: Any, step: Step, psp: Psp, credentials: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    from payments.adapters.secret_versions import SecretVersions

    def crash(*_: Any) -> None:
        raise RuntimeError("gone")

    before, token = active(psp), pending(manager)
    with monkeypatch.context() as patch:
        patch.setattr(SecretVersions, "put_pending", crash)
        with pytest.raises(RuntimeError, match="gone"):
            step("createSecret", token)
    for name in STEPS:
        step(name, token)
    assert active(psp) - before == {value(manager)["api_key_id"]}


def test_a_new_key_that_does_not_work_stays_out(manager: Any, step: Step, psp: Psp, credentials: dict[str, str]):
    token = pending(manager)
    step("createSecret", token)
    made = json.loads(manager.get_secret_value(SecretId=SECRET, VersionId=token)["SecretString"])
    psp.admin("DELETE", f"api_keys/{made['api_key_id']}")
    with pytest.raises(Exception, match="401"):
        step("testSecret", token)
    assert value(manager) == credentials


def test_whether_rotation_would_work_is_tested_with_the_current_key(manager: Any, step: Step, psp: Psp, charge: Charge):
    step("testSecret", pending(manager))
    psp.admin("DELETE", f"api_keys/{value(manager)['api_key_id']}")
    with pytest.raises(Exception, match="401"):
        step("testSecret", pending(manager))


def test_payments_go_on_through_rotations(manager: Any, step: Step, charge: Charge):
    for _ in range(3):
        charge.captured()
        rotated(manager, step)
    charge.captured()


def test_what_secrets_manager_never_asks_is_refused(step: Step, manager: Any, handlers: dict[str, ModuleType]):
    with pytest.raises(ValueError, match="Step"):
        step("breakSecret", pending(manager))
    with pytest.raises(ValueError, match="ClientRequestToken"):
        step("createSecret", str(uuid.uuid4()))
    with pytest.raises(ValueError, match="SecretId"):
        handlers["rotate"].handler({"Step": "testSecret", "SecretId": "other", "ClientRequestToken": "t"}, Context())
