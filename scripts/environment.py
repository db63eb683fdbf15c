"""Where a command works: the local cloud or an AWS account, and how to reach it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.console import fail

if TYPE_CHECKING:
    import boto3

    from scripts.local.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
NAMES = ("local", "dev", "staging", "prod")
LOCAL_ACCOUNT = "000000000000"
LOCAL_CREDENTIALS = "test"


@dataclass(frozen=True)
class Environment:
    """One deployed copy of the platform."""

    name: str
    region: str = "eu-west-1"

    @classmethod
    def named(cls, name: str) -> Environment:
        """Return the environment with this name.

        Raises:
            Failure: there is no such environment.
        """
        if name not in NAMES:
            fail(f"there is no environment {name!r}", f"use one of: {', '.join(NAMES)}")
        return cls(name)

    @property
    def is_local(self) -> bool:
        """Whether this is the local cloud."""
        return self.name == "local"

    @cached_property
    def settings(self) -> Settings:
        """The local cloud's home and port; only of use when `is_local`."""
        from scripts.local.settings import Settings, SettingsError

        try:
            return Settings.load()
        except SettingsError as error:
            fail(str(error))

    @property
    def work_dir(self) -> Path:
        """Folder for what Terraform keeps between runs: one per environment, so that they never mix."""
        return self.settings.home / "terraform" if self.is_local else CACHE / "terraform" / self.name

    def variables(self) -> dict[str, str]:
        """Return the AWS_* variables for child processes; empty values switch a person's own settings off."""
        shared = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        if not self.is_local:
            return shared
        return shared | {
            "AWS_ACCESS_KEY_ID": LOCAL_CREDENTIALS,
            "AWS_SECRET_ACCESS_KEY": LOCAL_CREDENTIALS,
            "AWS_ENDPOINT_URL": self.settings.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def process_environment(self) -> dict[str, str]:
        """Return a whole environment for a child process: this process's own and `variables()`.

        For the local cloud, nothing of a person's AWS settings is left: no profile, no session token, no proxy.
        """
        inherited = dict(os.environ)
        if self.is_local:
            keep = ("AWS_CA_BUNDLE",)
            inherited = {k: v for k, v in inherited.items() if not k.startswith("AWS_") or k in keep}
            hosts = [inherited.get("NO_PROXY") or inherited.get("no_proxy") or "", "127.0.0.1", "localhost"]
            inherited["NO_PROXY"] = inherited["no_proxy"] = ",".join(filter(None, hosts))
        return inherited | self.variables()

    def session(self) -> boto3.Session:
        """Return a boto3 session: the local cloud's credentials, or the person's own for AWS."""
        return self._session

    @cached_property
    def _session(self) -> boto3.Session:
        import boto3

        if not self.is_local:
            return boto3.Session(region_name=self.region)
        from botocore.session import Session

        # Without these, AWS_PROFILE and the files of the person who runs this would count.
        unset = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
        return boto3.Session(
            aws_access_key_id=LOCAL_CREDENTIALS,
            aws_secret_access_key=LOCAL_CREDENTIALS,
            region_name=self.region,
            botocore_session=Session(session_vars=unset),
        )

    def client(self, service: str) -> Any:
        """Return a boto3 client of the service, with time-outs and few retries."""
        from botocore.config import Config

        config = Config(connect_timeout=5, read_timeout=70, retries={"mode": "standard", "total_max_attempts": 3})
        create: Any = self.session().client
        if not self.is_local:
            return create(service, config=config)
        local = config.merge(Config(proxies={}))
        return create(service, config=local, endpoint_url=self.settings.endpoint)

    def account_id(self) -> str:
        """Return the twelve digits of the AWS account.

        Raises:
            Failure: there are no working AWS credentials.
        """
        return LOCAL_ACCOUNT if self.is_local else self._account_id

    @cached_property
    def _account_id(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except (BotoCoreError, ClientError) as error:
            fail(
                f"AWS does not know you ({error})",
                "set AWS_PROFILE, or sign in with `aws sso login`, and try again; for the local cloud use ENV=local",
            )

    def bucket(self, purpose: str) -> str:
        """Return the name of one of the account's two buckets: purpose is "state" or "artifacts"."""
        return f"tradepost-{purpose}-{self.account_id()}-{self.region}"
