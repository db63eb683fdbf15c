"""The deployed dashboards, drawn by `make dashboards` after the demo and opened in a browser."""

import os
from pathlib import Path
from typing import Any

import pytest

from scripts.environment import ROOT
from tests import browser
from tests.stack.conftest import Stack
from tests.waiting import eventually

KEPT = ROOT / "docs" / "dashboards.png"
PICTURE_HEIGHT = 2350

QUIET = (
    "Failed messages that wait",
    "Releases",
    "operations-deploy-check",
    "payments-rotate",
    "fulfillment-refund",
    "inventory-idempotency",
    "stock-adjustments",
)
"""What the demo does not do: fail, release, rotate a key, give money back, adjust stock. The graph has to say so."""

MEASURE = """() => [...document.querySelectorAll("article.card")].map((card) => {
  const svg = card.querySelector("svg");
  const box = card.getBoundingClientRect();
  const texts = (selector) => [...card.querySelectorAll(selector)].map((one) => one.textContent);
  const drawn = [...card.querySelectorAll(".line")].map((one) => one.getBoundingClientRect());
  return {
    dashboard: card.closest("section").id,
    title: card.querySelector("h3").textContent,
    kind: card.classList[1],
    area: box.width * box.height,
    axes: texts(".axis-title"),
    values: texts(".tick.y"),
    times: texts(".tick.x"),
    points: svg ? Number(svg.dataset.points) : 0,
    inside: drawn.every((one) => one.left >= box.left && one.right <= box.right && one.bottom <= box.bottom),
    legend: texts(".legend li").length,
    value: texts(".value, .none").join(),
    states: texts(".states li"),
    empty: texts(".empty").join(),
  };
})"""


@pytest.fixture(scope="module")
def page(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dashboards") / "dashboards.html"
    stack.command("demo")
    stack.command("replay")

    def complete() -> bool:
        """Whether the newest of the demo's metrics are there, too."""
        stack.command("dashboards", "--output", str(target))
        return "orders projected" in target.read_text()

    eventually(complete, pause=1)
    return target


@pytest.fixture(scope="module")
def widgets(page: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.measure(page, MEASURE, tmp_path_factory.mktemp("browser"))
    return found


def test_the_page_asks_nothing_of_a_network(page: Path) -> None:
    text = page.read_text()
    assert not [mark for mark in ("src=", "<link", "@import", "url(", "fetch(") if mark in text]


def test_every_dashboard_is_on_the_page(stack: Stack, widgets: list[dict[str, Any]]) -> None:
    assert {one["dashboard"] for one in widgets} == set(stack.outputs["dashboards"])
    assert all(one["title"] and one["area"] > 0 for one in widgets)


def test_every_graph_has_axes_with_units_and_data(widgets: list[dict[str, Any]]) -> None:
    graphs = [one for one in widgets if one["kind"] == "graph"]
    assert len(graphs) > 30
    for one in graphs:
        assert one["axes"], one
        assert all(one["axes"]), one
        assert min(len(one["values"]), len(one["times"])) >= 2, one
        if one["points"]:
            assert one["legend"], one
            assert one["inside"], one
        else:
            assert one["empty"] == "nothing was reported", one
    without = {one["title"] for one in graphs if not one["points"]}
    assert {title for title in without if not title.startswith(QUIET)} == set()


def test_numbers_and_alarms_are_shown(stack: Stack, widgets: list[dict[str, Any]]) -> None:
    numbers = {one["title"]: one["value"] for one in widgets if one["kind"] == "number"}
    assert int(numbers["Orders placed"].replace(",", "")) >= 1
    assert float(numbers["Requests without a 5xx, %"]) > 0
    assert 0 < float(numbers["Cost per 1,000 orders, USD"]) < 10
    shown = [state for one in widgets if one["kind"] == "alarms" for state in one["states"]]
    single = [name for name, one in stack.outputs["alarms"].items() if one["service"] not in ("api", "paging")]
    assert len(shown) >= len(single)


def test_its_picture_is_kept_under_docs(page: Path, tmp_path: Path) -> None:
    """TRADEPOST_KEEP_PICTURE=1 takes it anew."""
    taken = tmp_path / "dashboards.png"
    browser.picture(page, taken, PICTURE_HEIGHT)
    assert taken.stat().st_size > 50_000
    if os.environ.get("TRADEPOST_KEEP_PICTURE") == "1":
        KEPT.write_bytes(taken.read_bytes())
    assert KEPT.is_file()
    assert KEPT.stat().st_size < 1_000_000
