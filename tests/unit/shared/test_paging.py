import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.paging import InvalidTokenError, decode, encode


@given(st.text(max_size=40).filter(lambda text: text.isascii()), st.integers(0, 10**9))
def test_tokens_read_back_and_need_no_escaping(text: str, number: int):
    of_text, of_number = encode("list", text), encode("list", number)
    assert decode("list", of_text, str) == text
    assert decode("list", of_number, int) == number
    assert f"{of_text}{of_number}".replace("-", "").replace("_", "").isalnum()


@given(st.text())
def test_other_texts_are_refused(text: str):
    with pytest.raises(InvalidTokenError, match="unchanged"):
        decode("list", text, str)


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{}",
        b"null",
        b'["list"]',
        b'["list",1]',
        b'["list",true]',
        b'["list",null]',
        b'["list","a","b"]',
        b'["other","a"]',
        b'["list", "a"]',
        b"[" * 90,
        b"\xff",
    ],
)
def test_tokens_of_another_making_are_refused(content: bytes):
    with pytest.raises(InvalidTokenError):
        decode("list", base64.urlsafe_b64encode(content).decode().rstrip("="), str)


def test_a_true_is_no_number():
    with pytest.raises(InvalidTokenError):
        decode("list", base64.urlsafe_b64encode(b'["list",true]').decode().rstrip("="), int)


def test_a_token_with_padding_is_refused():
    with pytest.raises(InvalidTokenError):
        decode("list", encode("list", "ab") + "=", str)
