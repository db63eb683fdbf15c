"""`make cost`: per service and per 1,000 orders, what-if by traffic, and the first limit on the way up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.console import console, fail, say, show_table, step
from scripts.deployed import Deployed
from scripts.logs import seconds
from scripts.oncall.cost import limits, model, usage
from scripts.oncall.measure import Range

if TYPE_CHECKING:
    from scripts.environment import Environment
    from scripts.oncall.cost.model import Limit, Share
    from scripts.oncall.cost.usage import Usage

GOAL = 1_000_000
"""Orders an hour that the platform is looked at for."""

TRAFFIC = (100, 1_000, 10_000, 100_000, GOAL)
FEW_ORDERS = 100
MOST_LIMITS = 12


def show(
    environment: Environment,
    *,
    since: str = "1h",
    orders_per_hour: float = 0.0,
    peak: float = 1.0,
    largest_key_percent: float = 100.0,
) -> None:
    """Print what orders cost and what stops their number from growing.

    Args:
        environment: where to measure.
        since: over which time: 15m, 1h, 7d.
        orders_per_hour: one more traffic to work out.
        peak: how much busier the busiest second is than the mean.
        largest_key_percent: share of the orders that the largest partner has.

    Raises:
        Failure: nothing was ordered in that time, or nothing is deployed.
    """
    if peak < 1 or not 0 < largest_key_percent <= 100 or orders_per_hour < 0:
        fail("--peak is at least 1, --largest-partner above 0 up to 100, --orders-per-hour not negative", "see --help")
    stack = Deployed.read(environment)
    with step(f"Measuring {environment.name} over the last {since}") as current:
        used = usage.read(stack, Range.last(seconds(since)))
        current.result = f"{used.orders:.0f} orders"
    if not used.orders:
        fail(
            f"no order was placed in the last {since}",
            "look further back with --since, or make demo",
        )
    shares = model.per_1000_orders(used.uses, used.orders)
    _show_shares(shares)
    total, fixed = sum(share.usd_per_1000 for share in shares), sum(one.usd for one in used.fixed)
    standing = ", ".join(one.what for one in used.fixed)
    say(f"1,000 orders: ${total:.4f}; without any traffic ${fixed:.2f} a month: {standing}")
    found = model.ordered(limits.of(stack, used, largest_key_percent), peak)
    _show_what_if(total, fixed, found, orders_per_hour)
    _show_limits(used, found, peak, largest_key_percent)
    _say_how_it_was_made(environment, used)


def _show_shares(shares: list[Share]) -> None:
    rows = [
        (share.service, share.price.replace("_", " "), f"{share.quantity:,.4g}", f"{share.usd_per_1000:.5f}")
        for share in shares
    ]
    show_table(("service", "what", "used>", "$ per 1,000 orders>"), rows)
    services: dict[str, float] = {}
    for share in shares:
        services[share.service] = services.get(share.service, 0.0) + share.usd_per_1000
    ordered = sorted(services.items(), key=lambda one: -one[1])
    console.print()
    show_table(("service", "$ per 1,000 orders>"), [(name, f"{usd:.5f}") for name, usd in ordered])


def _show_what_if(total: float, fixed: float, found: list[Limit], asked: float) -> None:
    rows = []
    for traffic in sorted({*TRAFFIC, *([asked] if asked else [])}):
        reached = [one for one in found if one.orders_per_hour < traffic]
        first = f"{len(reached)} of the limits below, first {reached[0].what}" if reached else "nothing"
        rows.append((f"{traffic:,.0f}", f"{model.monthly(total, fixed, traffic):,.2f}", first))
    console.print()
    show_table(("orders an hour>", "$ a month>", "what stops it"), rows)


def _show_limits(used: Usage, found: list[Limit], peak: float, largest_key_percent: float) -> None:
    rows = [
        (
            f"{one.orders_per_hour:,.0f}",
            one.what,
            f"{one.per_second:,.0f} {one.unit}",
            f"{one.per_order:.3g}",
            one.remedy,
        )
        for one in found[:MOST_LIMITS]
    ]
    console.print()
    show_table(("reached at orders an hour>", "limit", "it is", "an order takes>", "remedy"), rows)
    busiest = max(used.functions, key=lambda one: one.runs * one.mean_seconds)
    environments = busiest.runs * busiest.mean_seconds / used.orders * GOAL / 3600 * peak
    say(
        f"at {GOAL:,} orders an hour {busiest.key} needs {environments:,.0f} environments; "
        f"from nothing Lambda starts them in {model.ramp_seconds(environments):,.0f} s"
    )
    assumed = f"the busiest second is {peak:g} times the mean, the largest partner has {largest_key_percent:g} %"
    say(f"assumed: {assumed} of the orders")


def _say_how_it_was_made(environment: Environment, used: Usage) -> None:
    prices, quotas = model.prices(), model.quotas()
    say(f"prices: {prices['region']}, {prices['as_of']}. {prices['note']}", style="dim")
    say(f"quotas: {quotas['region']}, {quotas['as_of']}. {quotas['note']}", style="dim")
    say(
        "not in it: storage, backups, traces, data transfer, keys' requests, provisioned concurrency, VPC endpoints",
        style="dim",
    )
    if used.orders < FEW_ORDERS:
        say(
            f"only {used.orders:.0f} orders: cold starts and whatever else ran weigh more than they will",
            style="yellow",
        )
    if environment.is_local:
        say(
            "measured on the local cloud: units, requests and events are those of AWS; durations are this machine's, "
            "which gives a function of 512 MB a whole core",
            style="yellow",
        )
