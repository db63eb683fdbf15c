"""Each way to fail has an envelope of its own; what failed alike is one group."""

from typing import Any

import pytest

from scripts.oncall.redrive.envelopes import Kind, alike, groups, parse
from tests.unit.scripts.oncall.support import FUNCTION, ORDER, invocation_record, message, pointer, queue

RULE = {
    "RULE_ARN": "arn:aws:events:eu-west-1:123456789012:rule/tradepost-dev/placed",
    "TARGET_ARN": FUNCTION,
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": f"not authorized to invoke for {ORDER}",
    "RETRY_ATTEMPTS": "4",
}


def test_an_asynchronous_invocation_tells_its_error_its_attempts_and_its_request() -> None:
    failure = parse(queue(), message(invocation_record("no stock")))
    assert (failure.kind, failure.origin, failure.cause) == (Kind.ASYNC, FUNCTION, "ValueError: no stock")
    assert (failure.attempts, failure.request_id, failure.about) == (3, "req-1", ORDER)
    assert failure.failed_at.isoformat() == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("context", "cause"),
    [
        ({"statusCode": 200, "functionError": "Unhandled"}, "the function failed (RetryAttemptsExhausted)"),
        ({"statusCode": 200}, "the function reported the records as failed (RetryAttemptsExhausted)"),
        ({"statusCode": 429}, "throttled"),
        (None, "RetryAttemptsExhausted"),
    ],
)
def test_a_stream_s_batch_is_a_pointer_without_an_error(context: dict[str, object] | None, cause: str) -> None:
    failure = parse(queue(), message(pointer(responseContext=context)))
    assert (failure.kind, failure.cause, failure.attempts) == (Kind.STREAM, cause, 11)


def test_a_rule_s_dead_letter_is_the_event_and_what_became_of_it() -> None:
    failure = parse(queue(), message({"detail-type": "order_placed"}, RULE))
    assert (failure.kind, failure.origin, failure.attempts) == (Kind.RULE, FUNCTION, 5)
    assert failure.cause == "NO_PERMISSIONS: not authorized to invoke for …"


def test_a_schedule_s_dead_letter_is_the_input_of_its_target() -> None:
    own = {"SCHEDULE_ARN": "arn:aws:scheduler:::schedule/default/daily", "TARGET_ARN": FUNCTION, "ERROR_CODE": "X"}
    assert parse(queue(), message("{}", own)).kind is Kind.SCHEDULE


@pytest.mark.parametrize("system", [{}, {"DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:1:work"}])
def test_a_queue_s_dead_letter_goes_back_to_its_queue(system: dict[str, Any]) -> None:
    failure = parse(queue(sources=["https://sqs/1/work"]), message("plain text", **system))
    assert failure.kind is Kind.QUEUE
    assert failure.origin.endswith("work")
    assert "work" in failure.cause


@pytest.mark.parametrize("body", ["text", [1], {"requestContext": {}}, {"requestContext": None}, "{"])
def test_anything_else_is_unknown_and_can_still_be_shown(body: object) -> None:
    failure = parse(queue(), message(body))
    assert (failure.kind, failure.origin) == (Kind.UNKNOWN, "")


def test_ids_and_numbers_do_not_make_another_cause() -> None:
    assert alike(f"order {ORDER} has 17 lines") == alike("order ord_01M84K3JHJ5SQ1E92PA1WG48RS has 18 lines")
    assert alike("KeyError: 'type'") != alike("KeyError: 'data'")


def test_failures_are_grouped_by_queue_kind_and_cause_the_largest_first() -> None:
    found = [
        parse(queue(name), message(invocation_record(text), id=str(number)))
        for number, (name, text) in enumerate([("a", "one"), ("a", "two"), ("a", "two"), ("b", "one")])
    ]
    assert [(group.queue, group.cause, len(group.failures)) for group in groups(found)] == [
        ("a", "ValueError: two", 2),
        ("a", "ValueError: one", 1),
        ("b", "ValueError: one", 1),
    ]
