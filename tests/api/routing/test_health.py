"""Breakers and rates of PSPs, as operators see and change them."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from activities.access.credential import Role
from activities.routing.health.breakers import Breakers
from activities.routing.health.observation import Key, Observation
from tests.api.callers import Caller, slug
from tests.api.conftest import Issue
from tests.api.routing_desk import HEALTH, RATES, Desk, a_brand


async def test_a_breaker_that_opens_is_shown_with_why_and_when_it_tries_again(
    desk: Desk, issue: Issue, pool: asyncpg.Pool, name: str
) -> None:
    brand, other = a_brand(), a_brand()
    account = f"a-{brand}"
    await desk.account(psp=name, id=account, brands=[brand])
    key = Key(name, account, "card")
    await Breakers(pool).observe([Observation(key, ago=0.1, failed=False)])
    [closed] = [
        one
        for one in (await desk.bob.get(HEALTH)).json()["items"]
        if one["merchant_account"] == account
    ]
    assert (closed["state"], closed["since"], closed["tries_again_at"]) == ("closed", None, None)
    await Breakers(pool).observe([Observation(key, ago=0.1, failed=True)] * 5)
    mine = await issue(Role.OPERATOR, brands=(brand,))
    [opened] = [
        one
        for one in (await mine.get(HEALTH)).json()["items"]
        if one["psp"] == name and one["merchant_account"] == account
    ]
    assert (opened["state"], opened["method"]) == ("open", "card")
    assert opened["tries_again_at"] > opened["since"]
    [event] = [
        one
        for one in (await mine.get(f"{HEALTH}/events?limit=200")).json()["items"]
        if one["merchant_account"] == account
    ]
    assert (event["before"], event["after"]) == ("closed", "open")
    assert "5 attempts in a row" in event["reason"]
    theirs = await issue(Role.OPERATOR, brands=(other,))
    assert account not in (await theirs.get(HEALTH)).text
    assert account not in (await theirs.get(f"{HEALTH}/events?limit=200")).text


async def test_a_rate_is_changed_live_and_says_by_whom(desk: Desk, name: str) -> None:
    assert (await desk.bob.get(f"{RATES}/{name}")).json()["per_second"] is None
    done = await desk.ann.put(f"{RATES}/{name}", {"per_second": 500.5, "reason": "agreed"})
    assert done.status_code == 201, done.text
    [rate] = (await desk.bob.get(RATES)).json()["items"]
    assert (rate["psp"], rate["per_second"]) == (name, 500.5)
    assert rate["latest"]["reason"] == "agreed"
    assert rate["latest"]["set_by"].startswith("operator-")
    freed = await desk.ann.put(f"{RATES}/{name}", {"per_second": None, "reason": "quiet again"})
    assert freed.json()["per_second"] is None
    history = (await desk.ann.get(f"{RATES}/{name}")).json()["history"]
    assert [change["per_second"] for change in history[:2]] == [None, 500.5]


async def test_rates_are_changed_by_operators_of_all_brands(
    operator: Caller, platform: Caller, desk: Desk, name: str
) -> None:
    body = {"per_second": 1, "reason": "x"}
    for refused in (
        await operator.put(f"{RATES}/{name}", body),
        await desk.bob.put(f"{RATES}/{name}", body),
        await platform.get(RATES),
        await platform.get(HEALTH),
        await platform.get(f"{HEALTH}/events"),
    ):
        assert (refused.status_code, slug(refused)) == (403, "forbidden")
    unknown = await desk.ann.put(f"{RATES}/nobody", body)
    assert (unknown.status_code, slug(unknown)) == (422, "invalid-request")
    assert name in unknown.json()["detail"]
    assert (await desk.ann.get(f"{HEALTH}/events?cursor=x")).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_second": 0},
        {"per_second": -1},
        {"per_second": "5"},
        {"per_second": True},
        {"per_second": 1e9},
        {"reason": ""},
        {"unknown": 1},
    ],
)
async def test_a_rate_that_makes_no_sense_is_refused(
    desk: Desk, name: str, wrong: dict[str, Any]
) -> None:
    body = {"per_second": 5, "reason": "x"} | wrong
    refused = await desk.ann.put(f"{RATES}/{name}", body)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    nothing = await desk.ann.put(f"{RATES}/{name}", {"reason": "x"})
    assert (nothing.status_code, slug(nothing)) == (422, "invalid-request")
