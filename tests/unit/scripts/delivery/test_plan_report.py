"""A plan as people read it: what changes, what is lost, and nothing that could be a secret."""

from typing import Any

import pytest

from scripts.delivery.plan_report import MOST_CHARACTERS, changes, report


def resource(address: str, actions: list[str], **change: Any) -> dict[str, Any]:
    kind = address.split(".")[-2]
    change = {"before": {}, "after": {}, "before_sensitive": {}, "after_sensitive": {}, "after_unknown": {}} | change
    return {"address": address, "type": kind, "change": {"actions": actions, **change}}


def plan(*resources: dict[str, Any], **outputs: str) -> dict[str, Any]:
    return {
        "resource_changes": list(resources),
        "output_changes": {name: {"actions": [action]} for name, action in outputs.items()},
    }


def attributes(**change: Any) -> tuple[str, ...]:
    [found] = changes(plan(resource("aws_lambda_function.this", ["update"], **change)))
    return found.attributes


def test_nothing_changes() -> None:
    nothing = plan(resource("aws_sqs_queue.this", ["no-op"]), resource("data.aws_region.this", ["read"]), url="no-op")
    assert report(nothing, "Plan for dev") == "## Plan for dev: no changes\n\n"


def test_changes_are_counted_and_grouped_by_service() -> None:
    text = report(
        plan(
            resource('module.orders.module.function["api"].aws_lambda_function.this', ["update"]),
            resource("module.orders.aws_sqs_queue.new", ["create"]),
            resource("aws_s3_object.artifact", ["delete", "create"]),
            resource("module.inventory.aws_lambda_alias.live", ["delete"]),
            api_url="update",
            functions="no-op",
        ),
        "Plan for dev",
    )
    assert text.startswith("## Plan for dev: 1 to create, 1 to change, 1 to replace, 1 to destroy\n")
    assert "<summary>orders: 1 to create, 1 to change</summary>" in text
    assert "<summary>inventory: 1 to destroy</summary>" in text
    assert "<summary>stack: 1 to replace</summary>" in text
    assert '| ~ | `module.orders.module.function["api"].aws_lambda_function.this` |' in text
    assert "Outputs that change: `api_url`\n" in text


@pytest.mark.parametrize("actions", [["delete"], ["delete", "create"], ["create", "delete"]])
def test_lost_data_comes_first(actions: list[str]) -> None:
    text = report(plan(resource("module.orders.aws_dynamodb_table.events", actions, replace_paths=[["hash_key"]])), "P")
    first = text.index("Look at these first")
    assert first < text.index("<details>")
    assert "`module.orders.aws_dynamodb_table.events`: to " in text
    assert "with data, because `hash_key` changes" in text


def test_what_holds_nothing_or_is_kept_is_not_among_the_lost() -> None:
    kept = plan(resource("aws_dynamodb_table.events", ["update"]), resource("aws_lambda_alias.live", ["delete"]))
    assert "Look at these first" not in report(kept, "P")


def test_numbers_and_switches_are_shown_and_text_is_not() -> None:
    before = {"memory_size": 256, "publish": True, "timeout": None, "handler": "old-text", "same": 1}
    after = {"memory_size": 512, "publish": False, "timeout": 5, "handler": "new-text", "same": 1}
    assert attributes(before=before, after=after) == (
        "`handler`",
        "`memory_size` 256 → 512",
        "`publish` true → false",
        "`timeout` none → 5",
    )


def test_blocks_are_compared_by_field_and_lists_as_a_whole() -> None:
    before = {"environment": [{"variables": {"LEVEL": "INFO", "KEPT": "x"}}], "layers": ["a"], "rule": [{"n": 1}]}
    after = {"environment": [{"variables": {"LEVEL": "DEBUG", "KEPT": "x"}}], "layers": ["b"], "rule": []}
    assert attributes(before=before, after=after) == ("`environment.variables.LEVEL`", "`layers`", "`rule`")


def test_what_is_known_only_later_is_counted() -> None:
    before = {"version": "3", "memory_size": 1, "environment": [{"variables": {"A": "x"}}]}
    after: dict[str, Any] = {"memory_size": 2, "environment": [{"variables": {}}]}
    unknown = {"version": True, "environment": [{"variables": {"A": True}}]}
    only = plan(resource("aws_a.b", ["update"], before=before, after=after, after_unknown=unknown))
    assert "| `memory_size` 1 → 2, 2 known after the apply |" in report(only, "P")


def test_unset_and_empty_are_the_same_and_a_limit_of_none_is_not() -> None:
    assert attributes(before={"period": 0, "text": "", "items": []}, after={"period": None}) == ()
    assert attributes(before={"reserved": None}, after={"reserved": 0}) == ("`reserved` none → 0",)


@pytest.mark.parametrize("mask", [True, {"pin": True}, {"pin": [{"digits": True}]}])
@pytest.mark.parametrize("side", ["before_sensitive", "after_sensitive"])
def test_what_is_sensitive_shows_no_value_however_it_is_marked(side: str, mask: Any) -> None:
    before, after = {"pin": [{"digits": 1234}]}, {"pin": [{"digits": 5678}]}
    [shown] = attributes(before=before, after=after, **{side: mask})
    assert shown.endswith("(sensitive)")


def test_no_text_of_a_plan_reaches_the_report() -> None:
    values = {"secret_string": "s3cr3t-a", "nested": [{"deep": {"value": "s3cr3t-b"}}], "items": ["s3cr3t-c"]}
    changed = {"secret_string": "s3cr3t-d", "nested": [{"deep": {"value": "s3cr3t-e"}}], "items": ["s3cr3t-f"]}
    for actions in (["create"], ["update"], ["delete"], ["delete", "create"]):
        text = report(plan(resource("aws_ssm_parameter.it", actions, before=values, after=changed)), "P")
        assert "s3cr3t" not in text


def test_a_report_is_never_longer_than_github_takes() -> None:
    many = [resource(f"module.orders.aws_sqs_queue.number_{number}", ["create"]) for number in range(3000)]
    text = report(plan(*many), "P")
    assert len(text) < MOST_CHARACTERS + 500
    assert "3000 to create" in text
    assert "Too long to be shown whole" in text
    assert text.count("<details>") == text.count("</details>")
