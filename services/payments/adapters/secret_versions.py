"""The versions of a secret, as a rotation sees them. Nothing of AWS is imported; the client is the caller's."""

import json
from dataclasses import dataclass
from typing import Any

from shared.aws import error_code

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"


@dataclass(frozen=True, slots=True)
class SecretVersions:
    """The versions of the secret `secret_id`; ``client`` is a Secrets Manager client."""

    client: Any
    secret_id: str

    def is_current(self, token: str) -> bool:
        """Whether this version is the one in use; raises ValueError if the secret has no such version."""
        stages = self._stages()
        if token not in stages:
            raise ValueError(f"ClientRequestToken: {token} is no version of the secret")
        return CURRENT in stages[token]

    def value(self, stage: str, token: str | None = None) -> dict[str, str] | None:
        """The value at a stage (of this very version); None if there is none."""
        from botocore.exceptions import ClientError

        version = {} if token is None else {"VersionId": token}
        try:
            answer = self.client.get_secret_value(SecretId=self.secret_id, VersionStage=stage, **version)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return None
        value: dict[str, str] = json.loads(answer["SecretString"])
        return value

    def put_pending(self, token: str, value: dict[str, str]) -> None:
        """Give the pending version its value."""
        self.client.put_secret_value(
            SecretId=self.secret_id, ClientRequestToken=token, SecretString=json.dumps(value), VersionStages=[PENDING]
        )

    def make_current(self, token: str) -> None:
        """Move the label to this version; the one that had it becomes the previous one.

        The version is pending no more: a label that stayed would, after the next value that is given by hand, look like
        a rotation that never ended, and the next one would go on with it.
        """
        current = next((version for version, stages in self._stages().items() if CURRENT in stages), None)
        leaving = {} if current is None else {"RemoveFromVersionId": current}
        self.client.update_secret_version_stage(
            SecretId=self.secret_id, VersionStage=CURRENT, MoveToVersionId=token, **leaving
        )
        self.client.update_secret_version_stage(
            SecretId=self.secret_id, VersionStage=PENDING, RemoveFromVersionId=token
        )

    def _stages(self) -> dict[str, list[str]]:
        stages: dict[str, list[str]] = self.client.describe_secret(SecretId=self.secret_id).get(
            "VersionIdsToStages", {}
        )
        return stages
