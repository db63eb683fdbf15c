import json
import re
from pathlib import Path

import pytest

from shared.problems import CATALOG, Flaw, ProblemError, render, shown

SLUGS = sorted(json.loads(CATALOG.read_text()))


@pytest.mark.parametrize("slug", SLUGS)
def test_every_entry_of_the_catalog_renders(slug: str):
    status, body = render(ProblemError(slug, "what to do"), "request-1")
    problem = json.loads(body)
    assert problem == {
        "type": f"urn:tradepost:problem:{slug}",
        "title": problem["title"],
        "status": status,
        "detail": "what to do",
        "request_id": "request-1",
    }
    assert 400 <= status <= 599


def test_every_refusal_of_the_gateway_has_a_status_of_its_own():
    """On AWS the status of DEFAULT_4XX becomes that of each type of refusal that is not listed."""
    listed = {
        kind for problem in json.loads(CATALOG.read_text()).values() for kind in problem.get("gateway_responses", [])
    }
    assert listed >= {
        "ACCESS_DENIED",
        "BAD_REQUEST_BODY",
        "BAD_REQUEST_PARAMETERS",
        "DEFAULT_4XX",
        "EXPIRED_TOKEN",
        "INVALID_API_KEY",
        "INVALID_SIGNATURE",
        "MISSING_AUTHENTICATION_TOKEN",
        "QUOTA_EXCEEDED",
        "REQUEST_TOO_LARGE",
        "RESOURCE_NOT_FOUND",
        "THROTTLED",
        "UNAUTHORIZED",
        "UNSUPPORTED_MEDIA_TYPE",
        "WAF_FILTERED",
    }


def test_flaws_say_where_and_what():
    flaws = [Flaw("pointer", "/a", "too long"), Flaw("header", "If-Match", "is required")]
    _, body = render(ProblemError("bad_request", "x", flaws), "")
    assert json.loads(body)["errors"] == [
        {"pointer": "/a", "detail": "too long"},
        {"header": "If-Match", "detail": "is required"},
    ]


def test_every_problem_that_the_code_names_is_in_the_catalog():
    named = {
        slug
        for folder in ("shared", "services")
        for path in Path(folder).rglob("*.py")
        for slug in re.findall(r'(?:ProblemError\(|flawed_body\([^()]*, )\s*"([a-z_]+)"', path.read_text())
    }
    assert len(named) >= 8
    assert named <= set(SLUGS)


def test_a_callers_text_is_shown_short_and_escaped():
    assert shown("a\n\u2603\ud800") == "'a\\n\\u2603\\ud800'"
    assert len(shown("x" * 5000)) < 80
