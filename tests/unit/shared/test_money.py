import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import EXPONENTS, CurrencyMismatchError, Money, UnknownCurrencyError

AMOUNTS = st.integers(-(10**15), 10**15)
CODES = st.sampled_from(sorted(EXPONENTS))


@given(AMOUNTS, AMOUNTS, AMOUNTS, CODES)
def test_addition_neither_makes_nor_loses_money(a: int, b: int, c: int, code: str):
    x, y, z = Money(a, code), Money(b, code), Money(c, code)
    assert (x + y) + z == z + (y + x) == Money(a + b + c, code)


@given(AMOUNTS, st.integers(0, 50), CODES)
def test_multiplying_is_adding_as_often(amount: int, times: int, code: str):
    assert Money(amount, code) * times == sum([Money(amount, code)] * times, Money(0, code))


@given(AMOUNTS, CODES)
def test_the_text_for_people_holds_every_minor_unit(amount: int, code: str):
    number, shown_code = str(Money(amount, code)).split(" ")
    assert shown_code == code
    assert int(number.replace(".", "")) == amount
    assert len(number.partition(".")[2]) == EXPONENTS[code]


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(1250, "EUR"), "12.50 EUR"),
        (Money(5, "EUR"), "0.05 EUR"),
        (Money(-5, "EUR"), "-0.05 EUR"),
        (Money(1250, "JPY"), "1250 JPY"),
        (Money(1250, "KWD"), "1.250 KWD"),
    ],
)
def test_the_text_of_well_known_amounts(money: Money, text: str):
    assert str(money) == text


@pytest.mark.parametrize("code", ["eur", "EURO", "", "XXX", "XAU", "ABC"])
def test_other_codes_are_refused(code: str):
    with pytest.raises(UnknownCurrencyError):
        Money(1, code)


@pytest.mark.parametrize("amount", [1.0, "1", True, None])
def test_only_integers_are_amounts(amount: object):
    with pytest.raises(TypeError):
        Money(amount, "EUR")  # type: ignore[arg-type]


def test_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatchError):
        Money(1, "EUR") + Money(1, "USD")


def test_every_code_has_three_capitals():
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in EXPONENTS)
    assert len(EXPONENTS) > 150
