"""Where the local cloud lives and on which port it listens."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

REGION = "eu-west-1"
ACCOUNT_ID = "000000000000"
DEFAULT_PORT = 4566
REPOSITORY = Path(__file__).resolve().parents[2]


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message says which and what to give instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One local cloud: its folder (state, logs, unpacked functions) and its port on 127.0.0.1."""

    home: Path
    port: int

    @classmethod
    def load(cls) -> Settings:
        """Read TRADEPOST_LOCAL_DIR and TRADEPOST_PORT; without a port use the one this home was started with.

        The port is remembered because Terraform's state holds URLs that contain it.
        """
        home = Path(os.environ.get("TRADEPOST_LOCAL_DIR") or REPOSITORY / ".local").expanduser().resolve()
        return cls(home, _port(os.environ.get("TRADEPOST_PORT")) or _remembered_port(home) or DEFAULT_PORT)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cloud_file(self) -> Path:
        """What is known of the process: pid (null when stopped), port, endpoint, started_at, ministack."""
        return self.home / "cloud.json"

    @property
    def log_file(self) -> Path:
        return self.home / "cloud.log"

    @property
    def state_dir(self) -> Path:
        return self.home / "state"

    @property
    def s3_dir(self) -> Path:
        return self.home / "s3"

    @property
    def functions_dir(self) -> Path:
        """Unpacked function code and layers, by digest; can be deleted while the cloud is down."""
        return self.home / "functions"


def read_cloud_file(path: Path) -> dict[str, object]:
    """The contents of cloud.json; empty when it is missing or damaged (a kill can leave no worse than that)."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_cloud_file(path: Path, values: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(values, indent=2) + "\n")
    temporary.replace(path)


def _remembered_port(home: Path) -> int | None:
    port = read_cloud_file(home / "cloud.json").get("port")
    return port if isinstance(port, int) else None


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise SettingsError(f"TRADEPOST_PORT is {text!r}: give a port from 1024 to 65535.")
    return int(text)
