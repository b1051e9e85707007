"""Captures and payouts are stopped by hand, told beforehand, parked, and let go at a rate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from temporalio.client import Client

from activities.access.credential import Role
from activities.routing.stopping.drain import Drainer
from activities.routing.stopping.resumes import Resumes
from tests.api.callers import Caller, a_player, money, payout, slug
from tests.api.conftest import Issue
from tests.api.routing_desk import RECEIPTS, STOPS, Desk, a_brand, paid
from tests.workflows.world import FakePsp


@pytest.fixture
async def draining(pool: asyncpg.Pool, temporal_client: Client) -> AsyncIterator[None]:
    """As in every worker."""
    drainer = asyncio.create_task(Drainer(pool, Resumes(temporal_client)).run())
    yield
    drainer.cancel()


def stop(psp: str, brand: str, **changes: Any) -> dict[str, Any]:
    wish = {"operation": "captures", "psp": psp, "brand_id": brand, "reason": "double captures"}
    return wish | changes


async def confirmed(operator: Caller, psp: str, brand: str, **changes: Any) -> dict[str, Any]:
    done = await operator.post(STOPS, stop(psp, brand, confirm=True, **changes))
    assert done.status_code == 201, done.text
    answer: dict[str, Any] = done.json()
    return answer


async def lifted(operator: Caller, stop_id: int, per_second: float = 50) -> dict[str, Any]:
    body = {"drain_per_second": per_second, "reason": "mended"}
    done = await operator.post(f"{STOPS}/{stop_id}/lift", body)
    assert done.status_code == 201, done.text
    answer: dict[str, Any] = done.json()
    return answer


async def becomes(caller: Caller, path: str, status: str) -> dict[str, Any]:
    """The payment once it has the status."""
    for _ in range(100):
        payment: dict[str, Any] = (await caller.get(path)).json()
        if payment["status"] == status:
            return payment
        await asyncio.sleep(0.1)
    raise AssertionError(f"it is {payment['status']}, and not {status}")


async def test_a_stop_tells_first_what_it_would_touch_and_stops_nothing(
    desk: Desk, issue: Issue, psp: FakePsp, name: str
) -> None:
    brand = a_brand()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    held = await paid(platform, brand, capture_method="manual")
    answer = await desk.ann.post(STOPS, stop(name, brand))
    assert answer.status_code == 200, answer.text
    preview = answer.json()
    assert (preview["confirmed"], preview["payments"]) == (False, 1)
    assert preview["amounts"] == [money("50.00")]
    assert preview["excluded"] == [f"{name}/primary"]
    assert preview["left"] == []
    assert "no account would be left" in preview["new_payments"]
    done = await platform.post(f"/v1/cashier/intents/{held['intent_id']}/capture")
    assert done.json()["status"] == "CAPTURED"
    assert (await desk.ann.post(STOPS, stop(name, brand))).json()["payments"] == 0


async def test_a_preview_counts_the_accounts_that_are_left(desk: Desk, name: str) -> None:
    brand = a_brand()
    await desk.account(psp=name, id=f"a-{brand}", brands=[brand], kinds=["deposit"])
    preview = (await desk.ann.post(STOPS, stop(name, brand, merchant_account="primary"))).json()
    assert preview["left"] == [f"{name}/a-{brand}"]
    assert preview["new_payments"] == "new deposits go to the other accounts: 1 is left"
    # This PSP pays no players.
    payouts = (await desk.ann.post(STOPS, stop(name, brand, operation="payouts"))).json()
    assert (payouts["excluded"], payouts["left"]) == ([], [])
    assert payouts["new_payments"] == "no account takes such payouts: new ones go as before"


async def test_what_is_stopped_parks_and_goes_on_when_the_stop_is_lifted(
    desk: Desk, issue: Issue, psp: FakePsp, name: str, draining: None
) -> None:
    brand = a_brand()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    operator = await issue(Role.OPERATOR, brands=(brand,))
    held = [await paid(platform, brand, capture_method="manual") for _ in range(2)]
    set_ = await confirmed(operator, name, brand)
    for one in held:
        path = f"/v1/cashier/intents/{one['intent_id']}"
        asked = asyncio.create_task(platform.post(f"{path}/capture"))
        await becomes(platform, path, "PARKED")
        asked.cancel()
    refused = await paid(platform, brand)
    assert (refused["status"], refused["decline"]["reason"]) == ("FAILED", "no_route")
    [receipt] = (await operator.get(f"{RECEIPTS}/{refused['intent_id']}")).json()["items"]
    stopped = {"account": f"{name}/primary", "reason": "stopped"}
    assert stopped in receipt["excluded"]
    waiting = (await operator.get(f"{STOPS}/{set_['id']}")).json()
    assert (waiting["waiting"], waiting["lifted_at"]) == (2, None)
    assert [one["payment_id"] for one in waiting["payments"]] == [one["intent_id"] for one in held]
    assert (waiting["payments"][0]["amount"], waiting["payments"][0]["status"]) == (
        money("50.00"),
        "PARKED",
    )
    await lifted(operator, set_["id"])
    for one in held:
        await becomes(platform, f"/v1/cashier/intents/{one['intent_id']}", "CAPTURED")
    drained = (await operator.get(f"{STOPS}/{set_['id']}")).json()
    assert (drained["waiting"], drained["released"]) == (0, 2)
    assert [event["what"] for event in drained["history"]] == ["set", "lifted"]
    assert (await paid(platform, brand))["status"] == "CAPTURED"


async def test_a_payout_parks_while_payouts_are_stopped(
    desk: Desk, issue: Issue, psp: FakePsp, name: str, draining: None
) -> None:
    brand, player = a_brand(), a_player()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    await paid(platform, brand, player_id=player)
    set_ = await confirmed(desk.ann, name, brand, operation="payouts")
    wish = payout(player_id=player, metadata={"brand_id": brand})
    asked = await platform.post("/v1/cashier/payouts", wish)
    path = f"/v1/cashier/payouts/{asked.json()['payout_id']}"
    await becomes(platform, path, "PAYOUT_PARKED")
    waits = (await platform.get(path)).json()["waits_for"]
    assert (waits["on"], waits["stop_id"]) == ("stop", set_["id"])
    await lifted(desk.ann, set_["id"])
    await becomes(platform, path, "PAYOUT_SETTLED")
    assert (await platform.get(path)).json()["waits_for"] is None


async def test_setting_a_stop_twice_is_setting_it_once(desk: Desk, name: str) -> None:
    brand = a_brand()
    first = await confirmed(desk.ann, name, brand, region="eu")
    again = await confirmed(desk.ann, name, brand, region="eu")
    other = await confirmed(desk.ann, name, brand, region="us")
    assert first["id"] == again["id"] != other["id"]
    live = (await desk.bob.get(f"{STOPS}?state=live&limit=1")).json()
    assert [one["id"] for one in live["items"]] == [other["id"]]
    rest = (await desk.bob.get(f"{STOPS}?state=live&cursor={live['next_cursor']}")).json()
    assert rest["items"][0]["id"] == first["id"]
    for one in (first, other):
        await lifted(desk.ann, one["id"])
    faster = await lifted(desk.ann, first["id"], 0.5)
    assert faster["drain_per_second"] == 0.5
    history = (await desk.ann.get(f"{STOPS}/{first['id']}")).json()["history"]
    assert [event["what"] for event in history] == ["set", "lifted", "rate"]


async def test_stops_are_the_operators_and_of_their_brands(
    desk: Desk, issue: Issue, platform: Caller, name: str
) -> None:
    brand, other = a_brand(), a_brand()
    theirs = await issue(Role.OPERATOR, brands=(other,))
    refused = await platform.post(STOPS, stop(name, "acme"))
    assert (refused.status_code, slug(refused)) == (403, "forbidden")
    refused = await theirs.post(STOPS, stop(name, brand))
    assert (refused.status_code, slug(refused)) == (404, "not-found")
    everybody = stop(name, brand)
    del everybody["brand_id"]
    refused = await theirs.post(STOPS, everybody)
    assert (refused.status_code, slug(refused)) == (403, "forbidden")
    set_ = await confirmed(desk.ann, name, brand)
    body = {"drain_per_second": 1, "reason": "x"}
    for hidden in (
        await theirs.get(f"{STOPS}/{set_['id']}"),
        await theirs.post(f"{STOPS}/{set_['id']}/lift", body),
        await desk.ann.get(f"{STOPS}/0"),
        await desk.ann.get(f"{STOPS}/x"),
    ):
        assert (hidden.status_code, slug(hidden)) == (404, "not-found")
    assert set_["id"] not in [one["id"] for one in (await theirs.get(STOPS)).json()["items"]]
    await lifted(desk.ann, set_["id"])


async def test_a_stop_of_all_brands_is_seen_by_each_and_lifted_for_all(
    desk: Desk, issue: Issue, name: str
) -> None:
    wish = {"operation": "payouts", "region": "nowhere", "reason": "all of it", "confirm": True}
    done = await desk.ann.post(STOPS, wish)
    assert done.status_code == 201, done.text
    assert (done.json()["psp"], done.json()["brand_id"]) == (None, None)
    path = f"{STOPS}/{done.json()['id']}"
    mine = await issue(Role.OPERATOR, brands=(a_brand(),))
    assert (await mine.get(path)).json()["reason"] == "all of it"
    refused = await mine.post(f"{path}/lift", {"drain_per_second": 1, "reason": "x"})
    assert (refused.status_code, slug(refused)) == (403, "forbidden")
    await lifted(desk.ann, done.json()["id"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"psp": "nobody"},
        {"merchant_account": "nobody"},
        {"operation": "refunds"},
        {"region": "e u"},
        {"reason": ""},
        {"confirm": "yes"},
        {"unknown": 1},
    ],
)
async def test_a_stop_of_nothing_there_is_refused(
    desk: Desk, name: str, wrong: dict[str, Any]
) -> None:
    refused = await desk.ann.post(STOPS, stop(name, a_brand()) | wrong)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")


@pytest.mark.parametrize("rate", [0, -1, 10_001, "5", None, True])
async def test_a_rate_of_draining_is_a_number_above_zero(desk: Desk, name: str, rate: Any) -> None:
    brand = a_brand()
    set_ = await confirmed(desk.ann, name, brand)
    body = {"drain_per_second": rate, "reason": "x"}
    refused = await desk.ann.post(f"{STOPS}/{set_['id']}/lift", body)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    await lifted(desk.ann, set_["id"])
