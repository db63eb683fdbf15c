"""What the functions that keep and end waits work with."""

from dataclasses import dataclass
from functools import cache

from fulfillment.adapters.executions import Executions
from fulfillment.adapters.shipments import Shipments
from shared import aws, config


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    shipments_table: str


@cache
def resources() -> tuple[Shipments, Executions]:
    """Made once per process."""
    table = config.load(Settings).shipments_table
    return Shipments(aws.client("dynamodb"), table), Executions(aws.client("stepfunctions"))
