"""What the demo and the tests know of the lookalike of PayPal.

A payer of PayPal chooses on PayPal's page, so there is no payment token: the parts of the demo are
choices of the page's field `funding`. Without a choice the payer pays from the balance.

ok, challenge: approved on the page, then authorized: every payment goes by that redirect
soft: TRANSACTION_LIMIT_EXCEEDED at primary; approved once more, at secondary, it is authorized
again: INSTRUMENT_DECLINED, after which the payer chooses again, and no other account is asked
hard: PAYER_ACCOUNT_LOCKED_OR_CLOSED
capture_refused: TRANSACTION_REFUSED by the capture; the hold stays and can be voided

A wallet that PayPal keeps pays without the page: `funding.vaulted("balance")` is the payment token
of one that pays as that choice does.

The money must be in a currency that PayPal holds: none of them has three decimals.
"""

from __future__ import annotations

import json
import secrets

from infra.local.psps.base.profile import ACCOUNTS, Credentials, Destinations, Profile, Tokens
from infra.local.psps.paypal import receivers
from infra.local.psps.paypal.funding import FIELD
from infra.local.psps.paypal.models import new_id


def _make() -> Credentials:
    return {
        account: {
            "client_id": f"A{secrets.token_hex(39)}",
            "client_secret": f"E{secrets.token_hex(39)}",
            "webhook_id": new_id(),
        }
        for account in ACCOUNTS
    }


def _for_plugin(credentials: Credentials, url: str) -> dict[str, str]:
    """Webhooks are verified through the API: the certificate's host can only be PayPal's."""
    more = {"url": url, "webhook_verification": "api"}
    accounts = {account: {**known, **more} for account, known in credentials.items()}
    return {"PAYSAGA_PAYPAL_ACCOUNTS": json.dumps(accounts)}


PROFILE = Profile(
    psp="paypal",
    make_credentials=_make,
    plugin_environment=_for_plugin,
    tokens=Tokens(
        ok="balance",
        challenge="balance",
        soft="limit_at_primary",
        hard="account_closed",
        capture_refused="capture_refused",
        again="card_declined",
    ),
    destinations=Destinations(ok=receivers.OK, fails=receivers.CLOSED, returned=receivers.RETURNED),
    method="ewallet",
    three_decimals=False,
    page_field=FIELD,
)
