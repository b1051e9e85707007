"""Payouts belong to persons and roles, and a player's payouts are judged together."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest

from activities.access.credential import Role
from tests.api.callers import Caller, a_player, captured, money, payout, slug
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp

PAYOUTS = "/v1/cashier/payouts"
APPROVE = {"decision": "approve", "reason": "documents seen"}
WAITS = "PAYOUT_AWAITING_APPROVAL"


async def with_money(platform: Caller, amount: str = "20000") -> str:
    player = a_player()
    await captured(platform, player_id=player, amount=money(amount))
    return player


async def paying(caller: Caller, player: str, amount: str) -> dict[str, Any]:
    answer = await caller.post(PAYOUTS, payout(player_id=player, amount=money(amount)))
    assert answer.status_code == 202, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def ended(caller: Caller, payout_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            shown: dict[str, Any] = (await caller.get(f"{PAYOUTS}/{payout_id}")).json()
            if shown["final"]:
                return shown
            await asyncio.sleep(0.05)


async def test_one_person_with_two_tokens_is_one_person(
    platform: Caller, issue: Issue, psp: FakePsp
) -> None:
    ann = f"https://login.example|{uuid.uuid4().hex[:8]}"
    desk, chair = await issue(Role.OPERATOR, person=ann), await issue(Role.APPROVER, person=ann)
    made = await paying(desk, await with_money(platform), "4000.00")
    assert (made["status"], made["requested_by"]["person"]) == (WAITS, ann)
    path = f"{PAYOUTS}/{made['payout_id']}/approvals"
    own = await chair.post(path, APPROVE)
    assert (own.status_code, slug(own)) == (403, "four-eyes")
    bob = f"https://login.example|{uuid.uuid4().hex[:8]}"
    second = await issue(Role.APPROVER, person=bob, name=f"office-{uuid.uuid4().hex[:8]}")
    yes = await second.post(path, APPROVE)
    assert yes.status_code in (201, 202), yes.text
    shown = await ended(platform, made["payout_id"])
    assert (shown["status"], shown["decided_by"]["person"]) == ("PAYOUT_SETTLED", bob)
    assert shown["decided_by"]["credential"].startswith("office-")
    assert shown["requested_by"]["credential"].startswith("operator-")


async def test_an_approver_alone_does_not_ask_for_payouts(
    platform: Caller, approver: Caller
) -> None:
    refused = await approver.post(PAYOUTS, payout(player_id=await with_money(platform)))
    assert (refused.status_code, slug(refused)) == (403, "forbidden")


async def test_of_six_payouts_at_the_same_instant_at_most_one_needs_nobody(
    platform: Caller, psp: FakePsp
) -> None:
    player = await with_money(platform)
    made = await asyncio.gather(*(paying(platform, player, "999.00") for _ in range(6)))
    waiting = [one for one in made if one["status"] == WAITS]
    assert len(waiting) >= 5
    assert {tuple(one["waits_for"]["reasons"]) for one in waiting} == {("large_together",)}


async def test_small_payouts_add_up_until_they_are_large(
    platform: Caller, approver: Caller, psp: FakePsp
) -> None:
    player = await with_money(platform)
    first = await paying(platform, player, "600.00")
    assert (await ended(platform, first["payout_id"]))["status"] == "PAYOUT_SETTLED"
    exactly = await paying(platform, player, "400.00")
    assert (await ended(platform, exactly["payout_id"]))["status"] == "PAYOUT_SETTLED"
    above = await paying(platform, player, "0.01")
    assert above["status"] == WAITS
    other = await with_money(platform)
    assert (await paying(platform, other, "600.00"))["status"] != WAITS
    # What ended without payment counts no more.
    refused = await paying(platform, other, "401.00")
    assert refused["status"] == WAITS
    no = {"decision": "decline", "reason": "split"}
    await approver.post(f"{PAYOUTS}/{refused['payout_id']}/approvals", no)
    again = await paying(platform, other, "400.00")
    assert (await ended(platform, again["payout_id"]))["status"] == "PAYOUT_SETTLED"


@pytest.mark.parametrize(("age", "waits"), [("23 hours", True), ("25 hours", False)])
async def test_only_the_payouts_of_the_window_are_added(
    platform: Caller, owner: asyncpg.Pool, psp: FakePsp, age: str, waits: bool
) -> None:
    player = await with_money(platform)
    first = await paying(platform, player, "900.00")
    await ended(platform, first["payout_id"])
    await owner.execute(
        "UPDATE payments SET created_at = now() - $2::text::interval WHERE id = $1",
        first["payout_id"],
        age,
    )
    assert ((await paying(platform, player, "900.00"))["status"] == WAITS) is waits


async def test_a_player_whose_money_left_without_us_is_parked(
    platform: Caller, owner: asyncpg.Pool, psp: FakePsp
) -> None:
    player = a_player()
    deposit = await captured(platform, player_id=player)
    key = f"chargeback:{uuid.uuid4().hex}"
    await owner.execute(
        "INSERT INTO cases (key, payment_id, brand, kind, summary, facts) "
        "VALUES ($1, $2, 'acme', 'money_gone', 'a chargeback', '{}')",
        key,
        deposit["intent_id"],
    )
    case = await owner.fetchval("SELECT id FROM cases WHERE key = $1", key)
    made = await paying(platform, player, "10.00")
    async with asyncio.timeout(60):
        while made["status"] != "PAYOUT_PARKED":
            await asyncio.sleep(0.05)
            made = (await platform.get(f"{PAYOUTS}/{made['payout_id']}")).json()
    assert (made["waits_for"]["on"], made["waits_for"]["case_id"]) == ("case", case)
    assert not any(asked.key.startswith(made["payout_id"]) for asked in psp.asked)
    back = await platform.post(f"{PAYOUTS}/{made['payout_id']}/cancel")
    assert back.json()["status"] == "PAYOUT_CANCELLED"
