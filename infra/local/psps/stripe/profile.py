"""What the demo and the tests know of the lookalike of Stripe."""

from __future__ import annotations

import json
import secrets

from infra.local.psps.base.profile import ACCOUNTS, Credentials, Profile, Tokens


def _make() -> Credentials:
    return {
        account: {
            "secret_key": f"sk_test_{secrets.token_hex(24)}",
            "webhook_secret": f"whsec_{secrets.token_hex(16)}",
        }
        for account in ACCOUNTS
    }


def _for_plugin(credentials: Credentials, url: str) -> dict[str, str]:
    accounts = {account: {**known, "url": url} for account, known in credentials.items()}
    return {"PAYSAGA_STRIPE_ACCOUNTS": json.dumps(accounts)}


PROFILE = Profile(
    psp="stripe",
    make_credentials=_make,
    plugin_environment=_for_plugin,
    for_calls=("secret_key",),
    tokens=Tokens(
        ok="pm_card_visa",
        challenge="pm_card_threeDSecure2Required",
        soft="pm_card_lookalikeDeclinedAtPrimary",
        hard="pm_card_chargeDeclinedStolenCard",
        capture_refused="pm_card_lookalikeCaptureRefused",
    ),
    destinations=None,
)
