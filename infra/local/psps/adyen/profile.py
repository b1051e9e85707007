"""What the demo and the tests know of the lookalike of Adyen."""

from __future__ import annotations

import json
import secrets

from infra.local.psps.base.profile import ACCOUNTS, Credentials, Destinations, Profile, Tokens

_OF_PAYOUT = ("store_payout_key", "review_payout_key")
"""Of Payout v68, which the lookalike speaks as well."""


def _make() -> Credentials:
    return {
        account: {
            "api_key": f"AQE{secrets.token_urlsafe(48)}",
            "merchant_account": f"Lookalike{account.capitalize()}ECOM",
            "hmac_key": secrets.token_hex(32).upper(),
            "webhook_username": f"notices-{account}",
            "webhook_password": secrets.token_urlsafe(24),
            "store_payout_key": f"AQE{secrets.token_urlsafe(48)}",
            "review_payout_key": f"AQE{secrets.token_urlsafe(48)}",
            "transfer_key": f"AQE{secrets.token_urlsafe(48)}",
            "transfer_hmac_key": secrets.token_hex(32).upper(),
            "balance_account": f"BA{secrets.token_hex(11).upper()}",
        }
        for account in ACCOUNTS
    }


def _for_plugin(credentials: Credentials, url: str) -> dict[str, str]:
    """As a new account has it: players are paid by Transfers."""
    more = {"url": f"{url}/v71", "transfer_url": f"{url}/btl/v4"}
    accounts = {
        account: {**{name: text for name, text in given.items() if name not in _OF_PAYOUT}, **more}
        for account, given in credentials.items()
    }
    return {"PAYSAGA_ADYEN_ACCOUNTS": json.dumps(accounts)}


PROFILE = Profile(
    psp="adyen",
    make_credentials=_make,
    plugin_environment=_for_plugin,
    for_calls=("api_key", "transfer_key", "store_payout_key", "review_payout_key"),
    tokens=Tokens(
        ok="VISAAPPROVED0001",
        challenge="VISACHALLENGE001",
        soft="VISASOFTPRIMARY1",
        hard="VISASTOLENCARD01",
        capture_refused="VISACAPTUREFAIL1",
    ),
    destinations=Destinations(ok="BANKACCOUNTOK001", fails="BANKACCOUNTFAIL1"),
)
