"""Money: an integer count of minor units and an ISO 4217 code; never a float. Imports the standard library only."""

from dataclasses import dataclass

_EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC"
        " CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR"
        " IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR"
        " MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS"
        " SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW"
        " ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}
EXPONENTS = {code: exponent for exponent, codes in _EXPONENTS.items() for code in codes.split()}
"""ISO 4217 code -> digits after the decimal point, for the currencies that people pay with."""


class UnknownCurrencyError(ValueError):
    """The code is not an ISO 4217 currency that people pay with."""


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies cannot be added."""


@dataclass(frozen=True, slots=True)
class Money:
    """``amount`` minor units (cents for EUR, yen for JPY) of ``currency``."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"an amount is an integer count of minor units, not {type(self.amount).__name__}")
        if self.currency not in EXPONENTS:
            raise UnknownCurrencyError(f"{self.currency!r} is not an ISO 4217 currency code")

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise CurrencyMismatchError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(self.amount * quantity, self.currency)

    def __str__(self) -> str:
        """Major units for people: ``12.50 EUR``, ``1250 JPY``."""
        exponent = EXPONENTS[self.currency]
        sign, digits = "-" * (self.amount < 0), str(abs(self.amount)).zfill(exponent + 1)
        whole, fraction = (digits[:-exponent], "." + digits[-exponent:]) if exponent else (digits, "")
        return f"{sign}{whole}{fraction} {self.currency}"
