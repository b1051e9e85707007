"""Stripe's units and ours, to and fro, for every kind of currency that Stripe knows."""

from __future__ import annotations

import pytest

from activities.psp.plugins.stripe import amounts
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.orders import instructions
from tests.activities.psp.stripe.exchanges import ACCOUNT, Exchanges, pi, saying, speaking
from workflows.domain.money import Money

TABLE = [
    # As ISO 4217 has it: 2, 0 and 3 decimals.
    ("50.01", "EUR", 5001),
    ("0.01", "USD", 1),
    ("5000", "JPY", 5000),
    ("1", "VND", 1),
    ("5000", "XAF", 5000),
    ("5.010", "KWD", 5010),
    ("0.010", "BHD", 10),
    # Whole forints and dollars are asked of payouts to a bank alone.
    ("50.01", "HUF", 5001),
    ("50.01", "TWD", 5001),
    # Stripe has none of ISO's decimals here.
    ("50.00", "MGA", 50),
    # Stripe writes two decimals where ISO has none.
    ("5000", "ISK", 500_000),
    ("5000", "UGX", 500_000),
]


@pytest.mark.parametrize(("amount", "currency", "units"), TABLE)
def test_an_amount_is_written_and_read_exactly(amount: str, currency: str, units: int) -> None:
    money = Money.parse(amount, currency)
    assert amounts.asked(money) == {"amount": str(units), "currency": currency.lower()}
    assert amounts.money_of(units, currency.lower()) == money


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0.001", "KWD"),
        ("5.015", "JOD"),
        ("50.01", "MGA"),
        ("5.000", "LYD"),
        ("5.0000", "UYW"),
        ("5", "UYI"),
        ("0.00", "EUR"),
    ],
)
async def test_what_stripe_cannot_write_is_never_sent(amount: str, currency: str) -> None:
    kept, money = Exchanges(), Money.parse(amount, currency)
    with pytest.raises(NeverSent):
        amounts.units(money)
    async with speaking(saying(pi()), kept) as adapter:
        asked = instructions(ACCOUNT, money, "pi_1")
        for operation in ("authorize", "capture", "refund"):
            with pytest.raises(NeverSent):
                await getattr(adapter, operation)(asked[operation])
    assert kept.heard == []


@pytest.mark.parametrize(
    ("units", "currency"),
    [(501, "isk"), (1, "ugx"), (5000, "lyd"), (5000, "xyz"), (10**16, "eur"), (1, "uyw")],
)
def test_what_is_no_amount_of_ours_is_not_believed(units: int, currency: str) -> None:
    with pytest.raises(InDoubt):
        amounts.money_of(units, currency)


def test_a_fee_may_have_all_three_decimals() -> None:
    assert amounts.money_of(5015, "kwd") == Money(5015, "KWD")
