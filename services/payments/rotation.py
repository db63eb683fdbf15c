"""Rotation of the provider's API key: the four steps of Secrets Manager, each of which may be called again.

The new key works beside the old one from the first step on; the old one stays valid until the next rotation, so that
nobody who still has it cached is refused. https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from dataclasses import dataclass

from payments.adapters.provider import ProviderKeys
from payments.adapters.secret_versions import CURRENT, PENDING, PREVIOUS, SecretVersions
from shared import observability


@dataclass(frozen=True, slots=True)
class Rotation:
    """One rotation: of the versions of one secret to the one that is named ``token``."""

    versions: SecretVersions
    keys: ProviderKeys
    token: str

    def run(self, step: str) -> None:
        """Do a step: createSecret, setSecret, testSecret or finishSecret; raises ValueError for any other."""
        steps = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }
        if step not in steps:
            raise ValueError(f"Step: {step!r} is none of {', '.join(steps)}")
        if self.versions.is_current(self.token):
            observability.logger.info("this version is current already")
            return
        steps[step]()

    def _create(self) -> None:
        """Make a key at the provider and keep it as the pending version, once."""
        if self.versions.value(PENDING, self.token) is not None:
            return
        current = self._current()
        key = self.keys.create(current["api_key"], self.token)
        self.versions.put_pending(self.token, {"api_key": key.secret, "api_key_id": key.id})

    def _set(self) -> None:
        """Nothing to set: the provider accepts a key from the moment that it made it."""

    def _test(self) -> None:
        """Use the new key; without one (RotateImmediately=false asks whether rotation would work), the current."""
        value = self.versions.value(PENDING, self.token) or self.versions.value(CURRENT)
        if value is None:
            observability.logger.warning("the secret has no value yet; there is nothing to test")
            return
        self.keys.check(value["api_key"])

    def _finish(self) -> None:
        """Revoke the key before the current one, then make the new one current and the current one previous."""
        current, previous = self._current(), self.versions.value(PREVIOUS)
        if previous is not None and previous["api_key_id"] != current["api_key_id"]:
            self.keys.revoke(current["api_key"], previous["api_key_id"])
        self.versions.make_current(self.token)

    def _current(self) -> dict[str, str]:
        current = self.versions.value(CURRENT)
        if current is None:
            raise ValueError("the secret has no value; give it one (services/payments/README.md), then rotate it")
        return current
