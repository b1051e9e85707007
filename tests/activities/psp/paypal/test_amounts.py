"""Amounts at PayPal's edge: by its own decimal places, exactly, or not at all."""

from __future__ import annotations

import pytest

from activities.psp.plugins.paypal.amounts import money_of, signed, value_of
from activities.psp.wire import InDoubt, NeverSent
from workflows.domain.money import Money, MoneyError

TABLE = [
    (Money(5000, "JPY"), "5000"),
    (Money(1, "JPY"), "1"),
    (Money(0, "JPY"), "0"),
    (Money(5001, "EUR"), "50.01"),
    (Money(1, "EUR"), "0.01"),
    (Money(0, "EUR"), "0.00"),
    (Money(12345, "KWD"), "12.345"),
    (Money(1, "TND"), "0.001"),
    (Money(500000, "HUF"), "5000"),
    (Money(100, "TWD"), "1"),
    (Money(10**15, "EUR"), "10000000000000.00"),
]


@pytest.mark.parametrize(("money", "value"), TABLE, ids=str)
def test_amounts_go_out_and_come_back_exactly(money: Money, value: str) -> None:
    assert value_of(money) == value
    assert money_of(value, money.currency) == money


@pytest.mark.parametrize("money", [Money(1050, "HUF"), Money(1, "TWD")], ids=str)
def test_a_fraction_that_paypal_does_not_have_is_not_sent(money: Money) -> None:
    with pytest.raises(NeverSent):
        value_of(money)


@pytest.mark.parametrize(
    ("value", "currency", "money"),
    [
        ("50", "EUR", Money(5000, "EUR")),
        ("50.0", "EUR", Money(5000, "EUR")),
        ("050.00", "EUR", Money(5000, "EUR")),
        ("5000.00", "JPY", Money(5000, "JPY")),
        ("5000.00", "HUF", Money(500000, "HUF")),
        ("-0.00", "EUR", Money(0, "EUR")),
    ],
)
def test_other_ways_to_write_the_same_amount_are_read(
    value: str, currency: str, money: Money
) -> None:
    assert money_of(value, currency) == money


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        ("50.001", "EUR"),
        ("5000.50", "JPY"),
        ("-50.00", "EUR"),
        ("1e3", "EUR"),
        ("1,000.00", "EUR"),
        (".5", "EUR"),
        ("", "EUR"),
        ("50.00", "XXL"),
        ("\u0665", "EUR"),
    ],
)
def test_what_is_no_amount_is_not_believed(value: str, currency: str) -> None:
    with pytest.raises(InDoubt):
        money_of(value, currency)


def test_reports_tell_the_direction_by_the_sign() -> None:
    assert signed("-10.50", "EUR") == (Money(1050, "EUR"), True)
    assert signed("10.50", "EUR") == (Money(1050, "EUR"), False)
    with pytest.raises(MoneyError):
        signed("ten", "EUR")
