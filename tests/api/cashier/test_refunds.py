"""Refunds through the API."""

from __future__ import annotations

import asyncio

from tests.api.callers import Caller, a_player, captured, money, slug
from tests.workflows.world import FakePsp


async def test_a_capture_is_refunded_in_parts_and_never_beyond(
    platform: Caller, psp: FakePsp
) -> None:
    deposit = await captured(platform, player_id=a_player())
    path = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
    name = f"part-{deposit['intent_id'][3:15]}"
    first = await platform.post(path, {"refund_id": name, "amount": money("20.00")})
    second = await platform.post(path, {"amount": money("20.00")})
    assert (first.status_code, first.json()["status"]) == (202, "REFUND_SUBMITTED")
    assert (first.json()["refund_id"], second.status_code) == (name, 202)
    third = await platform.post(path, {"amount": money("10.01")})
    assert (third.status_code, slug(third)) == (422, "refund-exceeds-capture")
    rest = await platform.post(path)
    assert (rest.status_code, rest.json()["amount"]) == (202, money("10.00"))


async def test_a_refund_is_found_by_its_name_and_by_ours(platform: Caller, psp: FakePsp) -> None:
    deposit = await captured(platform, player_id=a_player())
    path = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
    name = f"mine-{deposit['intent_id'][3:15]}"
    made = (await platform.post(path, {"refund_id": name, "amount": money("1.00")})).json()
    for known_as in (name, made["id"]):
        seen = (await platform.get(f"/v1/cashier/refunds/{known_as}")).json()
        assert (seen["refund_id"], seen["id"]) == (name, made["id"])
    taken = await platform.post(path, {"refund_id": name, "amount": money("2.00")})
    assert (taken.status_code, slug(taken)) == (409, "refund-id-taken")
    listed = await platform.get(f"/v1/cashier/refunds?player_id={deposit['player_id']}")
    assert [item["id"] for item in listed.json()["items"]] == [made["id"]]


async def test_twins_of_a_refund_are_told_of_one_refund(platform: Caller, psp: FakePsp) -> None:
    for wish in (None, {"amount": money("1.00")}):
        deposit = await captured(platform, player_id=a_player())
        path = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
        key = deposit["intent_id"]
        twins = await asyncio.gather(*(platform.post(path, wish, key=key) for _ in range(8)))
        assert sorted(twin.status_code for twin in twins) == [200] * 7 + [202]
        refunds = {
            (t.json()["refund_id"], t.json()["id"], t.json()["amount"]["amount"]) for t in twins
        }
        (one,) = refunds
        seen = await platform.get(f"/v1/cashier/refunds/{one[0]}")
        assert (seen.status_code, seen.json()["amount"]["amount"]) == (200, one[2])


async def test_a_refund_is_in_the_currency_of_its_capture(platform: Caller, psp: FakePsp) -> None:
    deposit = await captured(platform, player_id=a_player())
    path = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
    refused = await platform.post(path, {"amount": money("20.00", "USD")})
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    assert refused.json()["errors"][0]["pointer"] == "/amount/currency"


async def test_a_refund_name_that_looks_like_ours_is_refused(
    platform: Caller, psp: FakePsp
) -> None:
    deposit = await captured(platform, player_id=a_player())
    path = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
    refused = await platform.post(path, {"refund_id": "re_" + "0" * 32})
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
