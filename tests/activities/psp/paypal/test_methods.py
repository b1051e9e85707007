"""What PayPal does by which method, so that the rest is refused before anything is sent."""

from __future__ import annotations

from activities.psp.contract import Captures, ListsMethods, PaysOut, Refunds, Takes, Voids
from activities.psp.plugins.paypal.certification.suite import PaypalCertification
from activities.psp.plugins.paypal.issues import ISSUES
from activities.psp.plugins.paypal.methods import CURRENCIES, METHODS
from infra.local.psps.base.profile import find
from infra.local.psps.paypal import amounts
from workflows.domain.declines import DeclineReason
from workflows.domain.money import exponent


def test_a_wallet_is_held_refunded_and_paid_out_and_a_card_is_none_of_paypals() -> None:
    adapter = PaypalCertification().connect("http://127.0.0.1:1")
    assert isinstance(adapter, ListsMethods)
    assert adapter.methods == METHODS
    for wallet in (METHODS["paypal"], METHODS[find("paypal").method]):
        assert (wallet.takes, wallet.refunds, wallet.pays_out) == (Takes.HOLD, True, True)
    assert isinstance(adapter, Captures)
    assert isinstance(adapter, Voids)
    assert isinstance(adapter, Refunds)
    assert isinstance(adapter, PaysOut)
    assert "card" not in METHODS


def test_the_currencies_are_those_that_paypal_has() -> None:
    # Whoever plays PayPal here has read the list for itself.
    assert CURRENCIES == amounts.CURRENCIES
    for currency in CURRENCIES:
        assert amounts.read("1", currency) == 10 ** exponent(currency)
    # What PayPal itself would say of any other.
    assert ISSUES["INVALID_CURRENCY_CODE"] == (DeclineReason.CURRENCY_NOT_SUPPORTED, True)
    assert not {"TND", "KWD", "RUB", "XXX"} & CURRENCIES


def test_the_certification_asks_for_nothing_that_the_table_refuses() -> None:
    asked = {case.amount.currency for case in PaypalCertification().counted}
    assert asked <= CURRENCIES
