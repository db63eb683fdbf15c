import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dynamodb import from_attribute, from_item, to_attribute, to_item

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_values_come_back_as_they_were(values: dict[str, object]):
    assert from_item(to_item(values)) == values


def test_attributes_have_their_types():
    assert to_item({"a": 1, "b": "x", "c": True, "d": None, "e": [1], "f": {"g": 2}}) == {
        "a": {"N": "1"},
        "b": {"S": "x"},
        "c": {"BOOL": True},
        "d": {"NULL": True},
        "e": {"L": [{"N": "1"}]},
        "f": {"M": {"g": {"N": "2"}}},
    }


@pytest.mark.parametrize("value", [1.5, b"x", {1}, object()])
def test_what_the_platform_does_not_store_is_refused(value: object):
    with pytest.raises(TypeError):
        to_attribute(value)


@pytest.mark.parametrize("attribute", [{"N": "1.5"}, {"B": b"x"}, {"SS": ["x"]}])
def test_what_the_platform_never_wrote_is_refused(attribute: dict[str, object]):
    with pytest.raises(ValueError):  # noqa: PT011 - the message is Python's own for a number
        from_attribute(attribute)
