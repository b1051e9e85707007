"""Payouts that wait for a second person are shown to those who decide, as they want them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.access.credential import Role
from tests.api.callers import Caller, a_player, captured, money, payout, slug
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp

APPROVALS = "/v1/approvals"


async def waiting(issue: Issue, *amounts: tuple[str, str]) -> tuple[Caller, Caller, list[str]]:
    """A brand of its own with payouts of these amounts that wait, in this order."""
    brand = f"brand-{uuid.uuid4().hex[:8]}"
    platform = await issue(Role.PLATFORM, brands=(brand,))
    approver = await issue(Role.APPROVER, brands=(brand,))
    player, labels, made = a_player(), {"brand_id": brand}, []
    for currency in {currency for _, currency in amounts}:
        much = money("20000", currency)
        await captured(platform, player_id=player, amount=much, metadata=labels)
    for amount, currency in amounts:
        wish = payout(player_id=player, amount=money(amount, currency), metadata=labels)
        answer = await platform.post("/v1/cashier/payouts", wish)
        assert answer.json()["status"] == "PAYOUT_AWAITING_APPROVAL", answer.text
        made.append(answer.json()["payout_id"])
    return platform, approver, made


async def pages(caller: Caller, query: str) -> list[dict[str, Any]]:
    """All of a list, two at a time."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await caller.get(f"{APPROVALS}?limit=2{query}{cursor}")
        assert page.status_code == 200, page.text
        items += page.json()["items"]
        if page.json()["next_cursor"] is None:
            return items
        cursor = f"&cursor={page.json()['next_cursor']}"


async def test_the_oldest_come_first_or_the_largest(issue: Issue, psp: FakePsp) -> None:
    amounts = (("1500", "EUR"), ("3000", "EUR"), ("2000", "USD"), ("3000", "EUR"), ("2500", "USD"))
    _, approver, made = await waiting(issue, *amounts)
    by_age = await pages(approver, "")
    assert [item["payout_id"] for item in by_age] == made
    assert all(item["waits_for"]["reasons"] == ["large_amount"] for item in by_age)
    ages = [item["age_seconds"] for item in by_age]
    assert ages == sorted(ages, reverse=True)
    by_amount = await pages(approver, "&sort=amount")
    assert [tuple(item["amount"].values()) for item in by_amount] == [
        ("3000.00", "EUR"),
        ("3000.00", "EUR"),
        ("1500.00", "EUR"),
        ("2500.00", "USD"),
        ("2000.00", "USD"),
    ]
    dollars = await pages(approver, "&sort=amount&currency=USD")
    assert [item["payout_id"] for item in dollars] == [made[4], made[2]]


async def test_what_is_decided_is_gone_and_what_is_postponed_is_not(
    issue: Issue, psp: FakePsp
) -> None:
    _, approver, made = await waiting(issue, ("1500", "EUR"), ("1600", "EUR"), ("1700", "EUR"))
    approve = {"decision": "approve", "reason": "seen"}
    postpone = {"decision": "postpone", "until": _soon()}
    for payout_id, decision in zip(made, (approve, postpone), strict=False):
        done = await approver.post(f"/v1/cashier/payouts/{payout_id}/approvals", decision)
        assert done.status_code in (201, 202), done.text
    left = await pages(approver, "")
    assert [item["payout_id"] for item in left] == made[1:]
    assert [item["waits_for"]["on"] for item in left] == ["postponement", "approval"]
    assert left[0]["waits_for"]["until"] == postpone["until"]


def _soon() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_nobody_sees_what_waits_in_another_brand(issue: Issue, psp: FakePsp) -> None:
    await waiting(issue, ("1500", "EUR"))
    stranger = await issue(Role.APPROVER, brands=(f"brand-{uuid.uuid4().hex[:8]}",))
    assert await pages(stranger, "") == []


@pytest.mark.parametrize("wrong", ["sort=name", "currency=eur", "cursor=nothing", "limit=0"])
async def test_a_wrong_filter_is_refused(approver: Caller, wrong: str) -> None:
    refused = await approver.get(f"{APPROVALS}?{wrong}")
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")


async def test_a_cursor_of_one_sort_is_none_of_the_other(issue: Issue, psp: FakePsp) -> None:
    _, approver, _ = await waiting(issue, ("1500", "EUR"), ("1600", "EUR"))
    page = (await approver.get(f"{APPROVALS}?limit=1")).json()
    refused = await approver.get(f"{APPROVALS}?sort=amount&cursor={page['next_cursor']}")
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
