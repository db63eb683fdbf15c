"""The builds must differ in what the benchmark says they differ in, and in nothing else."""

import ast
import re
from pathlib import Path

import pytest

from scripts.bench.aws_stub import EVENT
from scripts.bench.invocations import ORDER_ID, SAMPLED, get_order, post_order
from scripts.bench.variants import REQUIREMENTS, ROOT, STOCK_MODULES


def public_names(module: Path) -> set[str]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("module", sorted(STOCK_MODULES.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_a_stock_module_offers_what_the_module_that_it_replaces_offers(module: Path) -> None:
    offered, expected = public_names(module), public_names(ROOT / "shared" / module.name)
    assert offered <= expected
    assert offered == expected or "def __getattr__" in module.read_text(encoding="utf-8")


def test_the_stock_build_has_its_libraries_from_the_same_locked_set() -> None:
    locked = REQUIREMENTS.read_text(encoding="utf-8")
    assert all(re.search(rf"^{name}==", locked, re.MULTILINE) for name in ("boto3", "aws-xray-sdk"))


def test_the_stored_event_is_of_the_order_that_is_asked_for() -> None:
    assert EVENT["order_id"] == {"S": ORDER_ID}
    assert re.fullmatch("ord_[0-7][0-9A-HJKMNP-TV-Z]{25}", ORDER_ID)
    assert ORDER_ID.encode() in get_order().event


def test_a_traced_request_is_told_apart() -> None:
    assert post_order(SAMPLED).name != post_order().name
    assert "Sampled=1" in post_order(SAMPLED).trace
