"""The smoke suite that delivery runs against every environment: it passes here and leaves nothing."""

import re

from tests.stack.conftest import Stack


def test_the_smoke_suite_passes_and_cleans_up(stack: Stack) -> None:
    done = stack.command("e2e", "--env", "local")
    assert re.search(r"^[.=\s]*\d+ passed", done.stdout, re.MULTILINE), done.stdout
    assert "skipped" not in done.stdout
    mine = stack.client("smoke")
    made = [item for item in mine.list().json()["items"] if item["reference"].startswith("e2e-")]
    assert made
    # Lists follow the events; an order itself is never late.
    assert {mine.get(item["order_id"]).json()["status"] for item in made} <= {"canceled", "rejected"}
