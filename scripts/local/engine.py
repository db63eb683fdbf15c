"""The one door to ministack: typed as Any because it has no type hints, loaded only by the server process."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any

TESTED_VERSION = "1.5.33"


class EngineVersionError(Exception):
    """The installed ministack is not the one that the modules at the seam were tested with."""


def version() -> str:
    return importlib.metadata.version("ministack")


def require_tested_version() -> None:
    """The seam replaces private functions, so another version could silently lose a behaviour."""
    if version() != TESTED_VERSION:
        raise EngineVersionError(
            f"ministack {version()} is installed; the local cloud was tested with {TESTED_VERSION}. "
            f"Run `make setup`, or run the conformance tests and change TESTED_VERSION in scripts/local/engine.py."
        )


def app() -> Any:
    return importlib.import_module("ministack.app")


def service(name: str) -> Any:
    """A service module such as "lambda_svc", registered with the app so that its state is saved."""
    return app()._get_module(name)


def core(name: str) -> Any:
    return importlib.import_module(f"ministack.core.{name}")
