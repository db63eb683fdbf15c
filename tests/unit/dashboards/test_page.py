"""The page: dashboards under each other, numbers, alarms, and where time begins."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from scripts.dashboards.data import Alarm, Picture, Series
from scripts.dashboards.definitions import Alarms, Dashboard, Graph, Heading, Place
from scripts.dashboards.page import render

NOW = datetime(2026, 11, 27, 13, 0, tzinfo=UTC)
PLACE = Place(0, 0, 8, 6)


def graph(view: str = "timeSeries", span: timedelta | None = None) -> Graph:
    return Graph(PLACE, "Orders", view, (), "per minute", "", 0.0, stacked=False, period=60, span=span)


def picture(*points: tuple[float, float], since: timedelta | None = None) -> Picture:
    widgets = (
        Heading(PLACE, "## Promises  [what they are](docs/x.md), `code`"),
        Alarms(PLACE, "Alarms", ("tradepost-dev-b", "tradepost-dev-a", "gone")),
        graph(),
        graph("singleValue"),
    )
    dashboards = (Dashboard("tradepost-dev-overview", timedelta(hours=3), widgets),)
    series = {("tradepost-dev-overview", position): [Series("m0", "placed", points)] for position in (2, 3)}
    alarms = {
        "tradepost-dev-a": Alarm("tradepost-dev-a", "OK", "fine", NOW),
        "tradepost-dev-b": Alarm("tradepost-dev-b", "ALARM", "5 > 3 & more", NOW),
    }
    return Picture(dashboards, series, alarms, [], NOW, since)


def body(found: Picture) -> ET.Element:
    text = render(found, "dev")
    main = text[text.index("<main>") : text.index("</main>") + len("</main>")]
    return ET.fromstring(main)  # noqa: S314  our own


def texts(element: ET.Element, name: str) -> list[str]:
    return ["".join(one.itertext()) for one in element.iter() if name in one.get("class", "").split()]


def test_alarms_that_are_on_come_first_and_without_the_environment() -> None:
    element = body(picture())
    assert texts(element, "counts") == ["1 in alarm, 1 OK"]
    assert texts(element, "states") == ["ba"]
    [on] = [one for one in element.iter("li") if one.get("class") == "ALARM"]
    assert on.get("title") == "tradepost-dev-b: in alarm, since 13:00 UTC, 27 Nov. 5 > 3 & more"


def test_a_number_is_the_newest_value() -> None:
    assert texts(body(picture((NOW.timestamp() - 60, 1.0), (NOW.timestamp(), 1234.0))), "value") == ["1,234"]
    assert texts(body(picture()), "none") == ["nothing was reported"]


def test_a_heading_has_its_words_and_no_address_of_the_repository() -> None:
    assert texts(body(picture()), "heading") == ["Promiseswhat they are: docs/x.md, code"]


def test_a_young_environment_begins_with_its_data() -> None:
    now = NOW.timestamp()
    assert picture((now - 9000, 1.0), (now, 1.0)).begins() == now - 3 * 3600
    assert picture((now - 600, 1.0), (now, 1.0)).begins() == now - 630
    assert picture().begins() == now - 3 * 3600


def test_a_page_looks_as_far_back_as_it_is_asked() -> None:
    assert picture(since=timedelta(days=7)).begins() == NOW.timestamp() - 7 * 86400
