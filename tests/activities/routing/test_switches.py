"""Which merchant accounts are asked: as listed, where they serve, unless they are switched off."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from activities.routing.route import PolicyRouting
from activities.routing.settings import Account
from activities.routing.snapshots import Snapshots
from activities.routing.switches import Switches
from workflows.domain.identity import Kind
from workflows.domain.payments import RouteRequest

PSP = f"psp{uuid.uuid4().hex[:8]}"


def request(**changes: str) -> RouteRequest:
    asked: dict[str, Any] = {"brand": "acme", "region": "eu", "method": "card", "currency": "EUR"}
    return RouteRequest(kind=Kind.DEPOSIT, **(asked | changes))


async def chosen(pool: asyncpg.Pool, *accounts: Account, **changes: str) -> list[str]:
    route = await PolicyRouting(pool, Snapshots(pool, accounts)).route(request(**changes))
    return [candidate.id for candidate in route.candidates]


async def switch(pool: asyncpg.Pool, psp: str, *, enabled: bool, **where: str) -> None:
    everywhere = {"brand": "*", "account": "*", "method": "*"} | where
    await Switches(pool).put(
        psp=psp, enabled=enabled, reason="maintenance", changed_by="operator-1", **everywhere
    )


async def test_accounts_are_asked_in_the_order_in_which_they_are_listed(
    pool: asyncpg.Pool,
) -> None:
    listed = [Account(psp=PSP, id=name) for name in ("second", "first", "third")]
    assert await chosen(pool, *listed) == ["second", "first", "third"]


@pytest.mark.parametrize(
    ("serves", "asked"),
    [
        ({"brands": ["bravo"]}, {}),
        ({"regions": ["mt"]}, {}),
        ({"methods": ["bank"]}, {}),
        ({"currencies": ["EUR", "SEK"]}, {"currency": "JPY"}),
    ],
)
async def test_an_account_is_asked_only_for_what_it_serves(
    pool: asyncpg.Pool, serves: dict[str, list[str]], asked: dict[str, str]
) -> None:
    special = Account.model_validate({"psp": PSP, "id": "special", **serves})
    assert await chosen(pool, special, Account(psp=PSP, id="any"), **asked) == ["any"]


async def test_a_payout_is_not_asked_of_a_psp_that_pays_no_players(pool: asyncpg.Pool) -> None:
    accounts = [Account(psp="shop", id="a"), Account(psp="bank", id="b")]
    routing = PolicyRouting(pool, Snapshots(pool, accounts, lambda psp: psp == "bank"))
    for kind, asked in ((Kind.DEPOSIT, ["a", "b"]), (Kind.PAYOUT, ["b"])):
        route = await routing.route(replace(request(), kind=kind))
        assert [candidate.id for candidate in route.candidates] == asked


async def test_what_is_switched_off_is_not_asked_until_it_is_switched_on(
    pool: asyncpg.Pool,
) -> None:
    psp = f"psp{uuid.uuid4().hex[:8]}"
    listed = [Account(psp=psp, id="primary"), Account(psp=psp, id="secondary")]
    await switch(pool, psp, enabled=False, account="primary")
    assert await chosen(pool, *listed) == ["secondary"]
    await switch(pool, psp, enabled=False)
    assert await chosen(pool, *listed) == []
    await switch(pool, psp, enabled=True)
    await switch(pool, psp, enabled=True, account="primary")
    assert await chosen(pool, *listed) == ["primary", "secondary"]


async def test_a_switch_is_for_one_method_or_brand_if_it_says_so(pool: asyncpg.Pool) -> None:
    psp = f"psp{uuid.uuid4().hex[:8]}"
    account = Account(psp=psp, id="primary")
    await switch(pool, psp, enabled=False, method="card", brand="acme")
    assert await chosen(pool, account) == []
    assert await chosen(pool, account, method="bank") == ["primary"]
    assert await chosen(pool, account, brand="bravo") == ["primary"]


async def test_every_change_of_a_switch_is_kept(pool: asyncpg.Pool, owner: asyncpg.Pool) -> None:
    psp = f"psp{uuid.uuid4().hex[:8]}"
    for enabled in (False, True, False):
        await switch(pool, psp, enabled=enabled)
    kept = await owner.fetch(
        "SELECT enabled, changed_by FROM routing_switches WHERE psp = $1 ORDER BY id", psp
    )
    assert [row["enabled"] for row in kept] == [False, True, False]
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await owner.execute("DELETE FROM routing_switches")
