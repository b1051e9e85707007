"""What the sandbox PSP does by which method."""

from __future__ import annotations

from collections.abc import Mapping

from activities.psp.contract import Method, Takes

_HELD = ("card", "bank_transfer", "ewallet", "mobile", "voucher", "crypto")
METHODS: Mapping[str, Method] = {
    **{name: Method(takes=Takes.HOLD, pays_out=True) for name in _HELD},
    "ideal": Method(takes=Takes.SALE, currencies={"EUR"}, countries={"NL"}, minimum={"EUR": 100}),
    "bank": Method(takes=None, pays_out=True),
}
"""Whatever an operator lets players pay with by default, a sale, and what only pays out. It takes
every currency of ISO 4217 and every amount that is not bounded here."""
