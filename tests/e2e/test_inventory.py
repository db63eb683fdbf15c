"""Stock as a partner meets it. Reads alone: what is counted is the shop's."""

from scripts.client import OrderClient
from tests.e2e.conftest import ARTICLE
from tests.stack.orders import assert_problem


def test_an_article_that_nobody_stocks_is_not_found(client: OrderClient) -> None:
    assert_problem(client.request("GET", f"/stock/{ARTICLE}"), 404, "not_found")


def test_what_is_no_article_number_is_refused_by_name(client: OrderClient) -> None:
    assert_problem(client.request("GET", "/stock/e2e"), 400, "invalid_parameter", "sku")
