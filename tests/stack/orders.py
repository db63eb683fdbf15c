"""Request bodies of the order API and what its answers must look like."""

from typing import Any

import requests

PROBLEM = "urn:tradepost:problem:"


def line(sku: str = "MUG-BLUE", quantity: int = 1, unit_amount: int = 1250) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity, "unit_amount": unit_amount}


def order(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A valid order of `lines` (one mug when there are none), with `fields` set over it."""
    return {"currency": "EUR", "lines": list(lines) or [line()], **fields}


def assert_problem(response: requests.Response, status: int, slug: str, names: str = "") -> dict[str, Any]:
    """The answer is problem+json of this status and type, and its text names `names`."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    assert response.headers["Content-Type"].split(";")[0] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == PROBLEM + slug
    assert problem["status"] == status
    assert all(problem[field] for field in ("title", "detail", "request_id"))
    assert names in response.text, f"does not name {names!r}: {response.text[:500]}"
    return problem
