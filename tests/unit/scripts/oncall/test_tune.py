"""What is measured, what is recommended, and that a function is recognized as being tuned."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from scripts.console import Failure
from scripts.oncall.tune.chart import BAR, bar, svg
from scripts.oncall.tune.command import _event, _sizes
from scripts.oncall.tune.model import Sample, Size, advise, parse, summarize, usd_per_million
from scripts.oncall.tune.versions import Versions, mark, unmarked

TEXT = (
    "START RequestId: 1 Version: 3\nREPORT RequestId: 1\tDuration: 12.50 ms\tBilled Duration: 313 ms\t"
    "Memory Size: 512 MB\tMax Memory Used: 61 MB\tInit Duration: 300.25 ms\t\n"
)
JSON = (
    'lf a line"}\n{"time":"2026-01-01T00:00:00Z","type":"platform.report","record":{"requestId":"1","status":"success",'
    '"metrics":{"durationMs":12.5,"billedDurationMs":13,"memorySizeMB":512,"maxMemoryUsedMB":61}}}\n'
)


@pytest.mark.parametrize(
    ("tail", "sample"),
    [(TEXT, Sample(12.5, 313, 61, 300.25)), (JSON, Sample(12.5, 13, 61, 0)), ("END RequestId: 1", None), ("", None)],
)
def test_a_report_is_read_in_both_formats(tail: str, sample: Sample | None) -> None:
    assert parse(tail) == sample


def test_a_million_invocations_cost_time_times_memory_and_requests() -> None:
    assert usd_per_million(1024, "arm64", 100) == pytest.approx(0.1 * 13.3334 + 0.2)


def test_a_size_is_summed_up_cold_and_warm_apart() -> None:
    samples = [Sample(40, 340, 61, 300), *(Sample(float(ms), ms + 1, 62, 0) for ms in range(10, 30))]
    size = summarize(512, "arm64", samples)
    assert (size.warm_ms, size.warm_p95_ms, size.cold_ms, size.used_mb) == (19.5, 28, 340, 62)
    assert size.usd_per_million_cold > size.usd_per_million


SIZE = Size(512, warm_ms=100, warm_p95_ms=120, cold_ms=500, used_mb=60, usd_per_million=1.0, usd_per_million_cold=5.0)


def sizes(*figures: tuple[int, float, float]) -> list[Size]:
    return [replace(SIZE, memory_mb=mb, warm_ms=ms, usd_per_million=usd) for mb, ms, usd in figures]


def test_the_fastest_that_costs_little_more_is_recommended() -> None:
    advice = advise(sizes((256, 200, 1.0), (512, 95, 1.02), (1024, 60, 1.14), (1769, 58, 1.9)))
    assert advice.size is not None
    assert advice.size.memory_mb == 1024
    assert "70 % faster" in advice.why
    assert "14 % more" in advice.why


def test_the_cheapest_is_recommended_when_nothing_near_it_is_faster() -> None:
    advice = advise(sizes((256, 50, 1.0), (512, 49, 2.0)))
    assert advice.size is not None
    assert advice.size.memory_mb == 256


def test_a_size_that_is_nearly_full_is_never_recommended() -> None:
    full = replace(SIZE, memory_mb=128, used_mb=120, usd_per_million=0.1)
    assert advise([full, SIZE]).size is SIZE
    assert advise([full]).size is None


@pytest.mark.parametrize("description", ["Keeps the view.", "", "x" * 250])
def test_what_is_to_be_restored_stands_in_the_function(description: str) -> None:
    before = unmarked(mark(512, description))
    assert before is not None
    assert before[0] == 512
    assert description.startswith(before[1])
    assert unmarked(description) is None


class Lambda:
    """A function, its versions, and what `make tune` left behind when it was killed."""

    def __init__(self) -> None:
        self.latest: dict[str, Any] = {"MemorySize": 256, "Description": mark(512, "Keeps the view.")}
        self.versions = {"1": "Keeps the view.", "2": mark(512, "Keeps the view.")}

    def get_paginator(self, _name: str) -> Any:
        pages = [{"Versions": [{"Version": version, "Description": text} for version, text in self.versions.items()]}]
        return type("Pages", (), {"paginate": lambda _self, **_given: pages})()

    def delete_function(self, FunctionName: str, Qualifier: str) -> None:  # noqa: ARG002, N803
        del self.versions[Qualifier]

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        return self.latest

    def update_function_configuration(self, **given: Any) -> None:
        del given["FunctionName"]
        self.latest = given

    def get_waiter(self, _name: str) -> Any:
        return type("Waiter", (), {"wait": lambda _self, **_given: None})()


def test_a_run_that_was_killed_is_cleaned_up() -> None:
    client = Lambda()
    assert Versions(client, "project").restore()
    assert client.versions == {"1": "Keeps the view."}
    assert client.latest == {"MemorySize": 512, "Description": "Keeps the view."}
    assert not Versions(client, "project").restore()


def test_bars_and_the_drawing_show_every_size() -> None:
    assert bar(5, 5) == "█" * BAR
    assert bar(0, 5) == ""
    drawing = svg("orders.api <in> dev", "with an event", sizes((256, 200, 1.0), (512, 95, 1.02)))
    texts = [element.text for element in ET.fromstring(drawing).iter() if element.text]  # noqa: S314 - ours
    assert {"256", "512", "orders.api <in> dev", "memory, MB"} <= set(texts)


@pytest.mark.parametrize("text", ["", "64", "512,none", "20000"])
def test_sizes_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Failure, match="memory sizes"):
        _sizes(text)


def test_the_default_event_does_no_harm() -> None:
    name, payload = _event("orders.api", "")
    assert (name, b'"GET"' in payload) == ("orders.api.json", True)
    name, payload = _event("orders.publish", "")
    assert "health" in name
    assert payload == b'{"tradepost": "health"}'
    with pytest.raises(Failure, match="cannot be used"):
        _event("orders.api", "/no/such/file")
