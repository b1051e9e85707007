"""Transfers: paid by one call, told as a whole, found by reference."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from infra.local.psps.base.profile import Destinations
from tests.activities.psp.descriptions import (
    check_component,
    check_request,
    check_response,
    description,
    needs_descriptions,
)
from tests.infra.local.psps.adyen.caller import PROFILE, Caller, fresh

TO = PROFILE.destinations or Destinations("", "")
TRANSFERS = "adyen/TransferService-v4.json"
WHEN = {"createdSince": "2026-01-01T00:00:00Z", "createdUntil": "2030-01-01T00:00:00Z"}


@pytest.mark.parametrize("category", ["bank", "card"])
async def test_a_transfer_is_promised_and_booked_a_moment_after(
    shop: Caller, category: str
) -> None:
    reference = fresh("payout")
    answer = await shop.transfer(TO.ok, reference=reference, category=category)
    assert (answer.status_code, answer.json()["status"]) == (202, "received")
    found = await shop.transfers_told(reference, "booked")
    assert found["type"] == "balancePlatform.transfer.updated"
    statuses = [each["status"] for each in found["data"]["events"]]
    assert statuses == ["received", "authorised", "booked"]
    assert await shop.story(reference) == ["payout 25.00 EUR approved at primary"]


async def test_a_transfer_to_an_account_that_is_closed_is_refused(shop: Caller) -> None:
    reference = fresh("payout")
    await shop.transfer(TO.fails, reference=reference)
    found = await shop.transfers_told(reference, "refused")
    assert found["data"]["reason"] == "counterpartyAccountClosed"
    assert await shop.story(reference) == ["payout 25.00 EUR declined at primary"]


async def test_the_bank_may_return_a_transfer(shop: Caller) -> None:
    reference = fresh("payout")
    await shop.transfer(TO.ok, reference=reference)
    await shop.transfers_told(reference, "booked")
    await shop.at.order("adyen/payout-reversed", reference=reference)
    await shop.transfers_told(reference, "returned")
    assert (await shop.story(reference))[1:] == ["payout 25.00 EUR declined at primary"]


async def found(shop: Caller, reference: str, account: str = "primary") -> Any:
    found = shop.at.credentials[account]
    asked = {"balanceAccountId": found["balance_account"], "reference": reference, **WHEN}
    headers = {"X-API-Key": found["transfer_key"]}
    return await shop.at.http.get("/btl/v4/transfers", params=asked, headers=headers)


async def test_a_transfer_is_found_by_our_reference_and_by_its_name(shop: Caller) -> None:
    reference = fresh("payout")
    assert (await found(shop, reference)).json()["data"] == []
    made = (await shop.transfer(TO.ok, reference=reference)).json()
    [mine] = (await found(shop, reference)).json()["data"]
    assert mine["id"] == made["id"]
    assert (await found(shop, reference, "secondary")).json()["data"] == []
    path = f"/btl/v4/transfers/{made['id']}"
    for account, status in (("primary", 200), ("secondary", 422)):
        headers = {"X-API-Key": shop.at.credentials[account]["transfer_key"]}
        assert (await shop.at.http.get(path, headers=headers)).status_code == status


async def test_a_transfer_has_a_key_of_its_own(shop: Caller) -> None:
    found = shop.at.credentials["primary"]
    for right in ("api_key", "store_payout_key"):
        headers = {"X-API-Key": found[right]}
        answer = await shop.at.http.post("/btl/v4/transfers", json={}, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (
            403,
            "https://docs.adyen.com/errors/security",
        )


@needs_descriptions
async def test_transfers_are_in_described_words(shop: Caller) -> None:
    at, reference = description(TRANSFERS), fresh("payout")
    answers = [
        await shop.transfer(TO.ok, reference=reference),
        await shop.transfer("NOBODYSACCOUNT01", reference=reference),
        await found(shop, reference),
        await shop.at.http.post("/btl/v4/transfers", json={}, headers={"X-API-Key": "none"}),
    ]
    assert [answer.status_code for answer in answers] == [202, 422, 200, 401]
    for answer in answers:
        asked = answer.request
        path, query = asked.url.path, asked.url.query.decode()
        if answer.is_success:
            check_request(at, asked.method, path, query, asked.headers, asked.content)
        body = answer.content
        check_response(at, asked.method, path, answer.status_code, answer.headers, body)
    found_found = await shop.transfers_told(reference, "booked")
    check_component(at, "TransferData", orjson.dumps(found_found["data"]))
