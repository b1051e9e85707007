"""What PayPal takes today and its descriptions of late 2022 do not have yet.

Source: PayPal's reference of Orders v2, `paypal_wallet_stored_credential`, read in November 2026.
"""

from __future__ import annotations

import json
from dataclasses import replace

from activities.psp.certification import Heard

_STORED_CREDENTIAL = {
    "payment_initiator": {"CUSTOMER", "MERCHANT"},
    "usage": {"FIRST", "SUBSEQUENT", "DERIVED"},
    "usage_pattern": {"IMMEDIATE", "DEFERRED"},
}


def without_what_is_younger(heard: Heard) -> Heard:
    """The request as of late 2022; what is younger is judged here."""
    if heard.method != "POST" or heard.path != "/v2/checkout/orders":
        return heard
    body = json.loads(heard.body)
    credential = body.get("payment_source", {}).get("paypal", {}).pop("stored_credential", None)
    if credential is not None:
        assert credential["payment_initiator"]
        assert credential.keys() <= _STORED_CREDENTIAL.keys()
        assert all(word in _STORED_CREDENTIAL[name] for name, word in credential.items())
    return replace(heard, body=json.dumps(body).encode())
