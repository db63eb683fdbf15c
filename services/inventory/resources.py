"""What the functions on reservations work with, made once per process. Importing pulls in nothing of AWS."""

from dataclasses import dataclass
from functools import cache

from inventory.adapters.reservations import ReservationTable
from inventory.adapters.stock import StockTable
from shared import aws, config


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    stock_table: str
    stock_reservations_table: str


@cache
def reservations() -> ReservationTable:
    """The reservations with the stock that they move."""
    settings = config.load(Settings)
    client = aws.client("dynamodb")
    return ReservationTable(client, settings.stock_reservations_table, StockTable(client, settings.stock_table))
