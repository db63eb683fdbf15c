"""Money and limits from measured use."""

import pytest

from scripts.oncall.cost import model
from scripts.oncall.cost.model import Limit, Use


def test_every_price_and_quota_names_its_unit_and_source() -> None:
    for table, entries in ((model.prices(), "prices"), (model.quotas(), "quotas")):
        assert table["region"] == "eu-west-1"
        assert table["as_of"]
        assert table["note"]
        for name, entry in table[entries].items():
            assert entry["unit"], name
            assert entry["source"].startswith("https://"), name
            assert entry.get("usd", entry.get("value")) > 0, name


def test_what_1000_orders_cost_by_service() -> None:
    uses = [
        Use("orders", "orders.api", "lambda_request", 2_000),
        Use("orders", "orders.project", "lambda_request", 2_000),
        Use("orders", "order-events", "dynamodb_write_unit", 8_000),
        Use("platform", "gateway", "api_request", 4_000),
        Use("orders", "events", "event", 0),
    ]
    shares = model.per_1000_orders(uses, orders=2_000)
    assert [(share.service, share.price) for share in shares] == [
        ("platform", "api_request"),
        ("orders", "dynamodb_write_unit"),
        ("orders", "lambda_request"),
    ]
    assert shares[0].usd_per_1000 == pytest.approx(2_000 * 3.5e-6)
    assert shares[2].quantity == 4_000


def test_a_month_is_traffic_and_what_stands_there_anyway() -> None:
    assert model.monthly(0.05, fixed=7, orders_per_hour=1_000) == pytest.approx(0.05 * 730 + 7)


def test_the_first_limit_is_the_one_that_least_orders_reach() -> None:
    limits = [
        Limit("events", "per second", 10_000, 2, ""),
        Limit("never", "per second", 1, 0, ""),
        Limit("concurrency", "environments", 1_000, 0.5, ""),
        Limit("throttle", "per second", 200, 1.5, ""),
    ]
    ordered = model.ordered(limits, peak=1)
    assert [one.what for one in ordered] == ["throttle", "concurrency", "events"]
    assert ordered[0].orders_per_hour == pytest.approx(480_000)
    assert model.ordered(limits, peak=3)[0].orders_per_hour == pytest.approx(160_000)


def test_lambda_starts_a_thousand_environments_in_ten_seconds() -> None:
    assert model.ramp_seconds(2_500) == 25
