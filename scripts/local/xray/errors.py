"""Errors of the X-Ray API."""

from __future__ import annotations


class ApiError(Exception):
    """A request that X-Ray refuses: `code` is AWS's error type."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
