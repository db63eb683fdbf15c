"""Secrets of Secrets Manager, kept for a while. Imports the standard library only; the client is the caller's.

A secret that is rotated is current elsewhere before it is here: whoever is refused with the value that it has asks once
more, with ``max_age_seconds=0``.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.aws import error_code

LIFETIME_SECONDS = 300.0


class MissingSecretError(Exception):
    """The secret has no value yet: Terraform makes it, a person or the deployment gives it its value."""


@dataclass(slots=True)
class Secret:
    """A secret whose value is a JSON object. ``clock`` tells seconds."""

    client: Any
    secret_id: str
    clock: Callable[[], float] = time.monotonic
    _value: dict[str, str] = field(default_factory=dict, repr=False)
    _read_at: float = 0.0

    def value(self, max_age_seconds: float = LIFETIME_SECONDS) -> dict[str, str]:
        """The current value, read again if what is known is older than that; raises MissingSecretError."""
        now = self.clock()
        if not self._value or now - self._read_at >= max_age_seconds:
            self._value = self._read()
            self._read_at = now
        return self._value

    def _read(self) -> dict[str, str]:
        from botocore.exceptions import ClientError

        try:
            answer = self.client.get_secret_value(SecretId=self.secret_id, VersionStage="AWSCURRENT")
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            raise MissingSecretError(
                f"the secret {self.secret_id} has no value; give it one, then try again"
            ) from error
        value: dict[str, str] = json.loads(answer["SecretString"])
        return value
