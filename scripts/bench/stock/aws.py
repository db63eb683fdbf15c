"""Clients by boto3, as its documentation shows. All else is the module that this one stands for, kept as `own_aws`."""

from functools import cache
from importlib import import_module
from typing import Any

import boto3

own: Any = import_module("shared.own_aws")


def __getattr__(name: str) -> Any:
    return getattr(own, name)


@cache
def client(service: Any) -> Any:
    """The process's client of a service."""
    return boto3.client(service)
