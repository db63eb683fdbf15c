"""The gateway's pure parts: validation messages, templates, patches."""

from typing import Any

import pytest

from scripts.local.gateway import request as gateway_request
from scripts.local.gateway import validation as gateway_validation
from scripts.local.gateway.control import apply_patch


@pytest.mark.parametrize(
    ("schema", "body", "message"),
    [
        ('{"maximum": 3}', "4", "numeric instance is greater than the required maximum (maximum: 3, found: 4)"),
        (
            '{"minimum": 3, "exclusiveMinimum": true}',
            "3",
            "numeric instance is not strictly greater than the required minimum 3",
        ),
        ('{"minLength": 2}', '"a"', 'string "a" is too short (length: 1, required minimum: 2)'),
        ('{"maxLength": 2}', '"abc"', 'string "abc" is too long (length: 3, maximum allowed: 2)'),
        ('{"minItems": 1}', "[]", "array is too short: must have at least 1 elements but instance has 0 elements"),
        ('{"uniqueItems": true}', "[1, 1]", "array must not contain duplicate elements"),
        ('{"enum": ["a"]}', '"b"', 'instance value ("b") not found in enum (possible values: ["a"])'),
        (
            '{"type": ["string", "null"]}',
            "1",
            'instance type (integer) does not match any allowed primitive type (allowed: ["null","string"])',
        ),
        (
            '{"type": "integer"}',
            "true",
            'instance type (boolean) does not match any allowed primitive type (allowed: ["integer"])',
        ),
        ('{"required": ["b", "a"]}', "{}", 'object has missing required properties (["a","b"])'),
    ],
)
def test_messages_are_worded_as_awss_validator_words_them(schema: str, body: str, message: str) -> None:
    assert gateway_validation.errors(schema, body.encode()) == [message]


def test_a_message_starts_with_the_pointer_of_its_value() -> None:
    schema = '{"properties": {"a/b": {"items": {"type": "string"}}}}'
    [message] = gateway_validation.errors(schema, b'{"a/b": ["x", 1]}')
    assert message.startswith("/a~1b/1: instance type (integer)")


def test_a_valid_body_has_no_messages() -> None:
    assert gateway_validation.errors('{"type": "object"}', b"{}") == []


def test_templates_take_both_forms_and_say_what_is_missing() -> None:
    found = gateway_request.render("$context.a.b ${context.a} $context.zero $other", {"a.b": "1", "a": "2"}, "-")
    assert found == "1 2 - $other"


@pytest.mark.parametrize(
    ("before", "operation", "after"),
    [
        (
            {"requestTemplates": {}},
            ("add", "/requestTemplates/application~1json", "x"),
            {"requestTemplates": {"application/json": "x"}},
        ),
        (
            {"authorizationType": "NONE"},
            ("add", "/requestParameters/method.request.header.A", "true"),
            {"authorizationType": "NONE", "requestParameters": {"method.request.header.A": True}},
        ),
        (
            {},
            ("add", "/requestParameters/integration.request.header.A", "'true'"),
            {"requestParameters": {"integration.request.header.A": "'true'"}},
        ),
        ({"timeoutInMillis": 29000}, ("replace", "/timeoutInMillis", "50"), {"timeoutInMillis": 50}),
        ({"throttle": {}}, ("replace", "/throttle/rateLimit", "2.5"), {"throttle": {"rateLimit": 2.5}}),
        ({"binaryMediaTypes": ["a/b"]}, ("add", "/binaryMediaTypes/c~1d", None), {"binaryMediaTypes": ["a/b", "c/d"]}),
        ({"binaryMediaTypes": ["a/b"]}, ("remove", "/binaryMediaTypes/a~1b", None), {"binaryMediaTypes": []}),
        ({"variables": {"a": "1"}}, ("remove", "/variables/a", None), {"variables": {}}),
        ({}, ("remove", "/variables/a", None), {}),
        ({"apiStages": [{"apiId": "x", "stage": "v1"}]}, ("remove", "/apiStages", "x:v1"), {"apiStages": []}),
    ],
)
def test_patches(before: dict[str, Any], operation: tuple[str, str, str | None], after: dict[str, Any]) -> None:
    kind, path, value = operation
    assert apply_patch(before, [{"op": kind, "path": path, "value": value}]) == after
