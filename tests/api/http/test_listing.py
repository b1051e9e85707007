"""A list gives what was asked for, or says what can be asked for."""

from __future__ import annotations

import pytest

from tests.api.callers import Caller, slug

INTENTS = "/v1/cashier/intents"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (f"{INTENTS}?staus=FAILED", "created_from, created_to, cursor, limit, player_id, status"),
        (f"{INTENTS}?limit=1&limit=2", "must be given once"),
        (f"{INTENTS}?status=FOO", "CAPTURED"),
        ("/v1/cashier/payouts?status=CAPTURED", "PAYOUT_RETURNED"),
        ("/v1/wallet/players/ann?brand=acme", "brand_id, cursor, limit"),
    ],
)
async def test_a_filter_that_is_misspelt_is_refused_with_those_there_are(
    platform: Caller, path: str, allowed: str
) -> None:
    refused = await platform.get(path)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    assert allowed in refused.json()["detail"]
