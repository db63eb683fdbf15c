import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.secrets import LIFETIME_SECONDS, MissingSecretError, Secret


class Manager:
    """Secrets Manager with one secret, whose value counts how often it was read."""

    def __init__(self, error: str = "") -> None:
        self.reads = 0
        self.error = error

    def get_secret_value(self, **asked: Any) -> dict[str, str]:
        assert asked == {"SecretId": "the-secret", "VersionStage": "AWSCURRENT"}
        if self.error:
            raise ClientError({"Error": {"Code": self.error}}, "GetSecretValue")
        self.reads += 1
        return {"SecretString": json.dumps({"read": str(self.reads)})}


def test_a_value_is_kept_for_its_lifetime_and_read_again_on_demand():
    now = [0.0]
    secret = Secret(Manager(), "the-secret", lambda: now[0])
    assert secret.value() == {"read": "1"}
    now[0] = LIFETIME_SECONDS - 1
    assert secret.value() == {"read": "1"}
    assert secret.value(max_age_seconds=0) == {"read": "2"}
    now[0] += LIFETIME_SECONDS
    assert secret.value() == {"read": "3"}
    assert secret.value(max_age_seconds=1) == {"read": "3"}


def test_a_secret_without_a_value_says_what_to_do_and_other_errors_go_on():
    with pytest.raises(MissingSecretError, match="the-secret has no value; give it one"):
        Secret(Manager("ResourceNotFoundException"), "the-secret").value()
    with pytest.raises(ClientError):
        Secret(Manager("AccessDeniedException"), "the-secret").value()


def test_the_value_is_not_in_its_representation():
    secret = Secret(Manager(), "the-secret")
    secret.value()
    assert "read" not in repr(secret).replace("read_at", "")
