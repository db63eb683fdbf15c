"""Money and limits from measured use. Pure: usage in, costs and limits out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
HOURS_PER_MONTH = 730


@cache
def prices() -> dict[str, Any]:
    """Return the price table, which the dashboards read as well: region, as_of, note, prices."""
    found: dict[str, Any] = json.loads((ROOT / "terraform" / "prices.json").read_text())
    return found


@cache
def quotas() -> dict[str, Any]:
    """Return the quota table: region, as_of, note, quotas."""
    found: dict[str, Any] = json.loads((HERE / "quotas.json").read_text())
    return found


def price(name: str) -> float:
    """Return the US dollars of one unit."""
    return float(prices()["prices"][name]["usd"])


def quota(name: str) -> float:
    """Return the default of a quota."""
    return float(quotas()["quotas"][name]["value"])


@dataclass(frozen=True, slots=True)
class Use:
    """A quantity that was used: by which service, of what ("orders.api"), at which price."""

    service: str
    what: str
    price: str
    quantity: float

    @property
    def usd(self) -> float:
        return self.quantity * price(self.price)


@dataclass(frozen=True, slots=True)
class Share:
    """What a service used of one price, and US dollars per 1,000 orders."""

    service: str
    price: str
    quantity: float
    usd_per_1000: float


def per_1000_orders(uses: Iterable[Use], orders: float) -> list[Share]:
    """Return what 1,000 orders cost by service and price, the dearest first."""
    added: dict[tuple[str, str], float] = {}
    for use in uses:
        added[use.service, use.price] = added.get((use.service, use.price), 0.0) + use.quantity
    shares = [
        Share(service, name, quantity, 1000 * quantity * price(name) / orders)
        for (service, name), quantity in added.items()
        if quantity
    ]
    return sorted(shares, key=lambda share: -share.usd_per_1000)


def monthly(usd_per_1000: float, fixed: float, orders_per_hour: float) -> float:
    """Return the US dollars of a month at a constant traffic."""
    return usd_per_1000 * orders_per_hour * HOURS_PER_MONTH / 1000 + fixed


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of `per_second` units, of which one order takes `per_order`; `remedy` says how to raise it."""

    what: str
    unit: str
    per_second: float
    per_order: float
    remedy: str

    @property
    def orders_per_hour(self) -> float:
        """The traffic at which it is reached; infinite when an order takes nothing of it."""
        return 3600 * self.per_second / self.per_order if self.per_order else float("inf")


def ordered(limits: Iterable[Limit], peak: float) -> list[Limit]:
    """Return the limits that are ever reached, the first one first; `peak` is the busiest second over the mean."""
    found = [
        Limit(one.what, one.unit, one.per_second, one.per_order * peak, one.remedy) for one in limits if one.per_order
    ]
    return sorted(found, key=lambda one: one.orders_per_hour)


def ramp_seconds(environments: float) -> float:
    """Return how long one function takes from nothing to so many environments."""
    return 10 * environments / quota("lambda_scaling_per_10_seconds")
