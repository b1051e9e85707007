"""What the demo and the tests know of the lookalike of Adyen."""

from __future__ import annotations

import json
import secrets

from infra.lookalikes.stage import ACCOUNTS, Credentials, Destinations, Stage, Tokens


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
        }
        for account in ACCOUNTS
    }


def _for_plugin(credentials: Credentials, url: str) -> dict[str, str]:
    more = {
        "url": f"{url}/v71",
        "payout_url": f"{url}/pal/servlet/Payout/v68",
        "payout_email": "payouts@casino.example",
    }
    accounts = {account: {**told, **more} for account, told in credentials.items()}
    return {"PAYSAGA_ADYEN_ACCOUNTS": json.dumps(accounts)}


STAGE = Stage(
    psp="adyen",
    make_credentials=_make,
    plugin_environment=_for_plugin,
    tokens=Tokens(
        ok="VISAAPPROVED0001",
        challenge="VISACHALLENGE001",
        soft="VISASOFTPRIMARY1",
        hard="VISASTOLENCARD01",
        capture_refused="VISACAPTUREFAIL1",
    ),
    destinations=Destinations(ok="BANKACCOUNTOK001", fails="BANKACCOUNTFAIL1"),
)
