"""Minor units at Adyen's edge, where they are not those of ISO 4217 too."""

from __future__ import annotations

from decimal import Decimal

import pytest

from activities.psp.plugins.adyen import amounts
from activities.psp.wire import NeverSent
from tests.activities.psp.adyen.far import adyen, asked
from workflows.domain.money import Money, MoneyError

TABLE = [
    ("5000", "JPY", 5000),
    ("1", "KRW", 1),
    ("50.00", "EUR", 5000),
    ("0.01", "USD", 1),
    ("0.001", "KWD", 1),
    ("12.345", "BHD", 12345),
    # Adyen's own decimals.
    ("5000", "CLP", 500000),
    ("7", "ISK", 700),
    ("5000.00", "IDR", 5000),
    ("3.00", "CVE", 3),
]


@pytest.mark.parametrize(("amount", "currency", "value"), TABLE)
def test_an_amount_is_written_and_read_exactly(amount: str, currency: str, value: int) -> None:
    money = Money.parse(amount, currency)
    assert amounts.written(money) == {"value": value, "currency": currency}
    assert amounts.read(value, currency) == money


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.01", "IDR"), ("5000.50", "IDR"), ("9.99", "CVE")]
)
async def test_what_adyen_cannot_express_goes_nowhere(amount: str, currency: str) -> None:
    money = Money.parse(amount, currency)
    async with adyen() as far:
        for operation in ("authorize", "capture", "refund", "payout"):
            with pytest.raises(NeverSent):
                await getattr(far.adapter, operation)(asked(operation, money))
        assert not far.exchanges


@pytest.mark.parametrize(("value", "currency"), [(50, "CLP"), (101, "ISK"), (1, "XXL"), (1, "eur")])
def test_what_is_no_amount_of_ours_is_not_read(value: int, currency: str) -> None:
    with pytest.raises(MoneyError):
        amounts.read(value, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor_units"),
    [("45.99", "EUR", 4599), ("-0.20", "EUR", -20), ("5000", "JPY", 5000), ("1.234", "KWD", 1234),
     ("7.00", "CLP", 7), ("5000", "IDR", 500000)],
)  # fmt: skip
def test_a_reports_decimals_are_read_exactly(text: str, currency: str, minor_units: int) -> None:
    assert amounts.read_decimal(text, currency) == Decimal(minor_units)


@pytest.mark.parametrize(
    ("text", "currency"), [("1.999", "EUR"), ("0.5", "JPY"), ("NaN", "EUR"), ("1,5", "EUR")]
)
def test_a_report_with_something_else_is_not_read(text: str, currency: str) -> None:
    with pytest.raises(MoneyError):
        amounts.read_decimal(text, currency)
