"""What Stripe does by which method, by docs.stripe.com/payments/payment-methods/…, November 2026.

A method that Stripe cannot hold is never asked with capture_method=manual: it is a sale.
"""

from __future__ import annotations

from collections.abc import Mapping

from activities.psp.contract import Method, Takes
from workflows.domain.psp import AuthorizeInstruction, SellInstruction

MINIMUMS: Mapping[str, int] = {
    "AED": 200,
    "AUD": 50,
    "BRL": 50,
    "CAD": 50,
    "CHF": 50,
    "CZK": 1500,
    "DKK": 250,
    "EUR": 50,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17_500,
    "INR": 50,
    "JPY": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "NZD": 50,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "SGD": 50,
    "THB": 1000,
    "USD": 50,
}
"""The least that Stripe charges, in minor units by ISO 4217 (docs.stripe.com/currencies)."""


def _hold(currencies: str, countries: str) -> Method:
    return _method(Takes.HOLD, currencies, countries, refunds=True)


def _sale(currencies: str, countries: str, *, refunds: bool = True) -> Method:
    return _method(Takes.SALE, currencies, countries, refunds=refunds)


def _method(takes: Takes, currencies: str, countries: str, *, refunds: bool) -> Method:
    return Method(
        takes=takes,
        refunds=refunds,
        currencies=frozenset(currencies.split()) or None,
        countries=frozenset(countries.split()) or None,
        minimum=MINIMUMS,
    )


METHODS: Mapping[str, Method] = {
    "card": _hold("", ""),
    "cashapp": _hold("USD", "US"),
    "mobilepay": _hold("DKK EUR NOK SEK", "DK FI"),
    "revolut_pay": _hold("DKK EUR GBP HUF PLN RON", ""),
    "alipay": _sale("AUD CAD CNY EUR GBP HKD JPY MYR NZD SGD USD", ""),
    "bancontact": _sale("EUR", "BE"),
    "blik": _sale("PLN", "PL"),
    "eps": _sale("EUR", "AT"),
    "fpx": _sale("MYR", "MY"),
    "grabpay": _sale("MYR SGD", "MY SG"),
    "ideal": _sale("EUR", "NL"),
    "mb_way": _sale("EUR", "PT"),
    "multibanco": _sale("EUR", "PT"),
    "oxxo": _sale("MXN", "MX", refunds=False),
    "p24": _sale("EUR PLN", "PL"),
    "paynow": _sale("SGD", "SG"),
    "pix": _sale("BRL", "BR"),
    "promptpay": _sale("THB", "TH"),
    "swish": _sale("SEK", "SE"),
    "twint": _sale("CHF", "CH"),
}
"""By our names of the methods, which are Stripe's."""


def is_held(method: str) -> bool:
    """Else it is a sale. Raises KeyError for a method that is not in the table."""
    return METHODS[method].takes is Takes.HOLD


def capture_method(instruction: AuthorizeInstruction) -> str:
    """Stripe's word; `manual` is refused for what it cannot hold."""
    sold = isinstance(instruction, SellInstruction)
    return "manual" if is_held(instruction.method) and not sold else "automatic"


def parameter(api_version: str) -> str:
    """The name of the list of methods: 2026-09-30.endive removed the old one (docs.stripe.com/
    changelog/endive/2026-09-30/remove-payment-method-types-checkout-sessions)."""
    later = api_version >= "2026-09-30"
    return "allowed_payment_method_types" if later else "payment_method_types"
