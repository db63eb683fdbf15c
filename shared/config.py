"""The environment, read once into a frozen dataclass. Imports the standard library only.

A field ``order_events_table: str`` is read from the variable ``ORDER_EVENTS_TABLE``.
"""

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Protocol


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


class MissingVariableError(Exception):
    """An environment variable that the function cannot work without is not set."""


def load[Settings: _Dataclass](settings: type[Settings], environ: Mapping[str, str] = os.environ) -> Settings:
    """Fill the dataclass, whose fields are all texts; raises MissingVariableError that names every missing one."""
    names = {field.name: field.name.upper() for field in fields(settings)}
    missing = [variable for variable in names.values() if not environ.get(variable)]
    if missing:
        raise MissingVariableError(
            f"{settings.__module__}.{settings.__name__} needs the environment variables {', '.join(missing)};"
            " set them in the function's Terraform module"
        )
    return settings(**{name: environ[variable] for name, variable in names.items()})
