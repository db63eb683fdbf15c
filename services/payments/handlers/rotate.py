"""Rotates the provider's API key when Secrets Manager asks for it."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from payments.adapters.provider import ProviderKeys
from payments.adapters.provider_http import ProviderHttp, make_session
from payments.adapters.secret_versions import SecretVersions
from payments.rotation import Rotation
from shared import aws, config, observability

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    payment_provider_url: str
    payment_provider_secret: str
    payment_provider_timeout_seconds: str


@cache
def resources() -> tuple[SecretVersions, ProviderKeys]:
    """Made once per process."""
    settings = config.load(Settings)
    timeout = float(settings.payment_provider_timeout_seconds)
    http = ProviderHttp(settings.payment_provider_url, timeout, make_session())
    return SecretVersions(aws.client("secretsmanager"), settings.payment_provider_secret), ProviderKeys(http)


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], _context: "LambdaContext") -> None:
    """Entry point: {"Step", "SecretId", "ClientRequestToken"} of Secrets Manager in.

    What is raised ends the rotation: the current key stays current, and Secrets Manager tries again.
    """
    versions, keys = resources()
    if event["SecretId"] != versions.secret_id:
        raise ValueError(f"SecretId: {event['SecretId']} is not the secret of this function, {versions.secret_id}")
    observability.bind(step=event["Step"], version=event["ClientRequestToken"])
    Rotation(versions, keys, event["ClientRequestToken"]).run(event["Step"])
    observability.logger.info("step done")
