"""What PayPal does by which of our methods: a wallet, for whom the player has an account there.

Sources: PayPal's lists of currencies of its REST APIs and of Payouts, read in November 2026. The
rouble is suspended. Some are for accounts of their own country alone (BRL, CNY, MYR), which PayPal
then says itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from activities.psp.contract import Method, Takes

_CURRENCIES = """
    AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD
"""
CURRENCIES = frozenset(_CURRENCIES.split())

_WALLET = Method(takes=Takes.HOLD, refunds=True, pays_out=True, currencies=CURRENCIES)

METHODS: Mapping[str, Method] = {"ewallet": _WALLET, "paypal": _WALLET}
"""Not `card`: the token of a card belongs to another PSP, and PayPal would refuse it for good."""
