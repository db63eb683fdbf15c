import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.json_body import MAX_BYTES, MAX_DEPTH, NotWhole, dump, parse
from shared.problems import ProblemError

WHOLE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(WHOLE)
def test_whole_values_are_read_as_they_were_written(value: object):
    assert parse(dump(value), is_base64=False) == value
    assert parse(base64.b64encode(dump(value).encode()).decode(), is_base64=True) == value


def problem_of(text: str, *, is_base64: bool) -> ProblemError | None:
    try:
        parse(text, is_base64=is_base64)
    except ProblemError as problem:
        return problem
    return None


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")), st.booleans())
@example("[" * 200_000, False)
@example('{"a":' * 200_000, False)
@example("1e99999999999", False)
@example("-" + "9" * 100_000, False)
@example('"\\ud800"', False)
@example("\ud800", False)
def test_any_text_is_a_value_or_a_problem(text: str, is_base64: bool):
    problem = problem_of(text, is_base64=is_base64)
    if problem is not None:
        assert problem.slug in {"invalid_body", "payload_too_large"}
        assert problem.detail.isascii()
        assert len(problem.detail) < 300


@pytest.mark.parametrize("number", ["1.0", "1e3", "0.1", "NaN", "Infinity", "-Infinity", "1e999999999"])
def test_a_number_that_is_not_written_whole_is_never_a_float(number: str):
    assert parse(f"[{number}]", is_base64=False) == [NotWhole(number)]


def test_a_huge_integer_keeps_its_sign_and_stays_huge():
    high, low = parse(f"[{'9' * 6000}, -{'9' * 6000}]", is_base64=False)
    assert high > 10**17
    assert low < -(10**17)


def test_nesting_is_bounded():
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH, is_base64=False)
    with pytest.raises(ProblemError, match="deeper"):
        parse("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), is_base64=False)


def test_size_is_bounded_in_bytes():
    assert parse(json.dumps("x" * (MAX_BYTES - 2)), is_base64=False)
    for text in ("x" * (MAX_BYTES - 1), "é" * (MAX_BYTES // 2)):
        with pytest.raises(ProblemError) as refused:
            parse(f'"{text}"', is_base64=False)
        assert refused.value.slug == "payload_too_large"


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"a": 1, "a": 1}', "/a"),
        ('{"x": [{"a": 1}, {"b/c": 1, "b/c": 2}]}', "/x/1/b~1c"),
        ('{"a": {"b": "\\udc00"}}', "/a/b"),
        ('["\\ud83d\\ude00", "\\ud83d"]', "/1"),
    ],
)
def test_the_place_of_a_flaw_is_named(text: str, pointer: str):
    with pytest.raises(ProblemError) as refused:
        parse(text, is_base64=False)
    assert [flaw.name for flaw in refused.value.flaws] == [pointer]


def test_a_syntax_error_names_line_and_column():
    with pytest.raises(ProblemError, match="line 2, column 7"):
        parse('{\n  "a" 1}', is_base64=False)
