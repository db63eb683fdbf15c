"""The deployed stack of an environment, as its Terraform outputs describe it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.console import fail
from scripts.terraform import Terraform

if TYPE_CHECKING:
    from scripts.environment import Environment


@dataclass(frozen=True)
class Deployed:
    """One deployed stack. `outputs` are the root stack's Terraform outputs by name, sensitive ones too."""

    environment: Environment
    outputs: dict[str, Any]

    @classmethod
    def read(cls, environment: Environment) -> Deployed:
        """Return the stack as it is deployed now.

        Raises:
            Failure: the environment is not deployed or cannot be reached.
        """
        outputs = Terraform(environment).output()
        if not outputs:
            fail(f"environment {environment.name} is not deployed", f"run: make up ENV={environment.name}")
        return cls(environment, outputs)

    @property
    def name(self) -> str:
        """The first part of the name of all that the stack has: tradepost-<env>."""
        return str(self.outputs["event_bus_name"])

    def api_url(self) -> str:
        """Return the base URL of the REST API, without a slash at the end."""
        if self.environment.is_local:
            path = f"/restapis/{self.outputs['rest_api_id']}/{self.outputs['rest_api_stage']}/_user_request_"
            return self.environment.settings.endpoint + path
        return str(self.outputs["api_url"]).rstrip("/")

    def api_key(self, partner: str = "demo") -> str:
        """Return a partner's API key.

        Raises:
            Failure: the environment has no such partner.
        """
        keys: dict[str, str] = self.outputs["partner_api_keys"]
        if partner not in keys:
            fail(
                f"{self.environment.name} has no partner {partner!r}", f"partners: {', '.join(sorted(keys)) or 'none'}"
            )
        return keys[partner]

    def function(self, name: str) -> dict[str, str]:
        """Return what is known of a function by <service>.<function>: name, alias, alias_arn, version."""
        found: dict[str, str] = self.outputs["functions"][name]
        return found
