"""Money is exact, in every currency, or it is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.domain.money import MAX_MINOR_UNITS, Money, MoneyError, exponent

CURRENCIES = st.sampled_from(["JPY", "KRW", "CLP", "EUR", "USD", "BHD", "KWD", "TND", "UYW"])
AMOUNTS = st.integers(min_value=0, max_value=MAX_MINOR_UNITS)


@given(AMOUNTS, CURRENCIES)
def test_an_amount_written_out_and_read_back_is_the_same(minor_units: int, currency: str) -> None:
    money = Money(minor_units, currency)
    assert Money.parse(money.amount, currency) == money
    assert len(money.amount.partition(".")[2]) == exponent(currency)


@given(AMOUNTS, CURRENCIES, st.integers(min_value=1, max_value=7))
def test_the_parts_of_a_split_sum_to_the_whole(minor_units: int, currency: str, parts: int) -> None:
    shares = Money(minor_units, currency).split(parts)
    assert sum(share.minor_units for share in shares) == minor_units
    assert max(shares, key=lambda s: s.minor_units).minor_units - shares[-1].minor_units <= 1


@given(st.text(max_size=40))
def test_any_text_is_money_or_a_clear_refusal(text: str) -> None:
    try:
        money = Money.parse(text, "EUR")
    except MoneyError as refusal:
        assert "amount" in str(refusal) or "EUR" in str(refusal)
    else:
        assert 0 <= money.minor_units <= MAX_MINOR_UNITS


@pytest.mark.parametrize(
    "text",
    ["", " 50 ", "5_000", "1e3", "-1", "+1", "-0", "0x10", "٥٠", "50.", ".5", "00", "01", "1\n"]
    + ["NaN", "Infinity", "1" * 33, "50,00", "9" * 17, "5０"],
)
def test_what_is_not_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(MoneyError, match="amount"):
        Money.parse(text, "EUR")


@pytest.mark.parametrize(
    ("text", "currency", "places"), [("50.0", "JPY", 0), ("1.234", "EUR", 2), ("1.2345", "KWD", 3)]
)
def test_more_decimals_than_the_currency_has_are_refused(
    text: str, currency: str, places: int
) -> None:
    with pytest.raises(MoneyError, match=f"{currency} has {places} decimal places"):
        Money.parse(text, currency)


@pytest.mark.parametrize("code", ["eur", "EUR\n", "ＥＵＲ", "XXX", "XAU", "ABC", "", "EURO"])
def test_a_code_that_is_no_currency_in_use_is_refused(code: str) -> None:
    with pytest.raises(MoneyError, match="ISO 4217"):
        Money.parse("1", code)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(MoneyError, match="do not mix"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(MoneyError, match="do not mix"):
        assert Money(1, "EUR") < Money(2, "USD")


def test_a_difference_below_zero_is_refused() -> None:
    with pytest.raises(MoneyError, match="between 0"):
        Money(1, "EUR") - Money(2, "EUR")


@pytest.mark.parametrize("minor_units", [-1, MAX_MINOR_UNITS + 1, 2**63])
def test_an_amount_out_of_bounds_is_refused(minor_units: int) -> None:
    with pytest.raises(MoneyError, match="minor units"):
        Money(minor_units, "EUR")


def test_minor_units_are_never_a_float_or_a_truth_value() -> None:
    for wrong in (1.0, True, "1"):
        with pytest.raises(MoneyError, match="whole number"):
            Money(wrong, "EUR")  # type: ignore[arg-type]
