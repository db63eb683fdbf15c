"""Clients by boto3, as its documentation shows."""

from functools import cache
from typing import Any

import boto3


@cache
def client(service: Any) -> Any:
    """The process's client of a service."""
    return boto3.client(service)


def error_code(error: Exception) -> str:
    """The service's name for the error, or the class's name when no service answered."""
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code") or type(error).__name__)
