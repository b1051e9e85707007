"""A payment is routed by what is active now, once, and the answer stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from activities.routing.asking import facts_of
from activities.routing.conditions import AlwaysWell
from activities.routing.receipts import receipts_of
from activities.routing.route import PolicyRouting
from activities.routing.switches import Switches
from infra.local.stack.postgres import Database
from tests.activities.routing.operators import (
    EAST,
    NORTH,
    PSPS,
    SOUTH,
    Operators,
    a_brand,
    account,
    asked,
    order,
    plain,
    rule,
)
from workflows.domain.cascading import CascadeLimits
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.payments import RoutingHints
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.breaker import State
from workflows.domain.routing.facts import CardType, Weekday
from workflows.domain.routing.health import Health, Standing

CASCADE = {"attempts": 2, "seconds": 30, "scheme_reattempts": 5}


async def test_a_change_is_effective_with_the_next_payment(operators: Operators) -> None:
    brand = a_brand()
    elsewhere = Operators(operators.pool)
    for psps in (["south"], ["east", "north"], ["north"]):
        await elsewhere.policy(brand, plain(*psps))
        assert await operators.psps(brand) == psps


async def test_the_answer_tells_the_policy_its_version_rule_and_limits(
    operators: Operators,
) -> None:
    brand = a_brand()
    rules = [rule("vouchers", "method", "voucher", order("east", "south"))]
    await operators.policy(brand, plain("north", rules=rules, cascade=CASCADE))
    route = await operators.route(brand, method="voucher")
    assert (route.policy, route.policy_version, route.rule) == (f"p-{brand}", 1, "vouchers")
    assert (route.candidates, route.limits) == ((EAST, SOUTH), CascadeLimits(2, 30, 5))
    assert (await operators.route(brand)).rule is None


async def test_a_brand_without_a_policy_of_its_own_has_that_of_all(operators: Operators) -> None:
    brand = a_brand()
    assert await operators.psps(brand) == list(PSPS)
    try:
        await operators.approve(await operators.propose("everybody", "*", plain("south")))
        assert await operators.psps(brand) == ["south"]
        await operators.policy(brand, plain("east"))
        assert await operators.psps(brand) == ["east"]
    finally:
        await operators.approve(await operators.propose("everybody", "*", plain(*PSPS)))


async def test_a_changed_account_stays_in_its_place_and_a_new_one_comes_last(
    operators: Operators,
) -> None:
    first = await operators.snapshots.latest()
    await operators.account(account("south", reuses_3ds=True))
    await operators.account({"psp": "north", "id": "new"})
    latest = await operators.snapshots.latest()
    names = [f"{psp}/main" for psp in PSPS]
    assert list(latest.accounts.by_key)[:3] == names
    assert list(latest.accounts.by_key)[-1] == "north/new"
    assert latest.accounts.by_key["south/main"].reuses_3ds
    assert latest.builtin.version == 0
    again = await operators.snapshots.of(first.generation)
    assert again.accounts == first.accounts


async def test_the_accounts_that_take_a_3ds_result_are_told(operators: Operators) -> None:
    brand = a_brand()
    await operators.account(account("south", reuses_3ds=True))
    await operators.policy(brand, plain("north", "south"))
    assert (await operators.route(brand)).reuses_3ds == ("south/main",)


@pytest.mark.parametrize(("holds", "sells"), [([], True), (["card"], False), (["*"], False)])
async def test_the_accounts_that_take_money_at_once_by_a_method_are_told(
    operators: Operators, holds: list[str], sells: bool
) -> None:
    brand = a_brand()
    await operators.account(account("south", holds=holds))
    await operators.policy(brand, plain("north", "south"))
    route = await operators.route(brand)
    assert route.sells == (("north/main", "south/main") if sells else ("north/main",))


async def test_without_a_policy_nobody_has_limited_the_cascade(operators: Operators) -> None:
    await operators.approve(await operators.propose("everybody", "*", plain(*PSPS)))
    routing = PolicyRouting(operators.pool, operators.snapshots)
    unchanged = await operators.snapshots.of(0)
    assert unchanged.policy(a_brand()) == unchanged.builtin
    assert (await routing.route(asked(a_brand()))).limits == CascadeLimits()


async def test_a_route_is_the_same_however_often_it_is_asked(operators: Operators) -> None:
    brand = a_brand()
    request = asked(brand)
    await operators.policy(brand, plain("east"))
    first = await operators.routing.route(request)
    await operators.policy(brand, plain("south"))
    assert await operators.routing.route(request) == first
    again = asked(brand, payment_id=request.payment_id, number=2)
    assert (await operators.routing.route(again)).candidates == (SOUTH,)
    kept = await receipts_of(operators.pool, request.payment_id)
    assert [one.route.policy_version for one in kept] == [1, 2]


async def test_many_who_route_one_payment_get_one_receipt(operators: Operators) -> None:
    brand = a_brand()
    shares = [{"account": f"{psp}/main", "weight": 1} for psp in PSPS]
    await operators.policy(brand, plain() | {"default": {"split": shares}})
    workers = [Operators(operators.pool) for _ in range(4)]
    request = asked(brand)
    routes = await asyncio.gather(*(workers[n % 4].routing.route(request) for n in range(64)))
    assert len(set(routes)) == 1
    (kept,) = await receipts_of(operators.pool, request.payment_id)
    assert kept.route == routes[0]


async def test_a_draw_is_spread_over_payments_and_kept(operators: Operators) -> None:
    brand = a_brand()
    shares = [{"account": f"{psp}/main", "weight": 1} for psp in PSPS]
    await operators.policy(brand, plain() | {"default": {"split": shares}})
    requests = [asked(brand) for _ in range(30)]
    routes = [await operators.routing.route(request) for request in requests]
    assert {route.candidates[0] for route in routes} == {NORTH, SOUTH, EAST}
    seeds = {
        (await receipts_of(operators.pool, one.payment_id))[0].receipt.seed for one in requests
    }
    assert len(seeds) == 30


async def test_a_run_of_an_older_version_is_answered_without_a_receipt(
    operators: Operators,
) -> None:
    brand = a_brand()
    limits = [{"currency": "EUR", "minimum": "10.00"}]
    await operators.account({"psp": "east", "id": "large", "limits": limits})
    await operators.policy(brand, plain() | {"default": {"order": ["east/large"]}})
    count = "SELECT count(*) FROM routing_receipts"
    before = await operators.pool.fetchval(count)
    old = await operators.route(brand, payment_id="", player_id="", amount=None)
    assert old.candidates == (MerchantAccount("east", "large"),)
    assert await operators.pool.fetchval(count) == before
    assert await operators.psps(brand, amount=Money(999, "EUR")) == []


async def test_only_stops_by_hand_make_a_payment_worth_waiting_for(operators: Operators) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north", "south"))
    switches = Switches(operators.pool)

    async def switch(psp: str) -> None:
        await switches.put(
            brand=brand,
            psp=psp,
            account="*",
            method="*",
            enabled=False,
            reason="maintenance",
            changed_by="operator-1",
        )

    await switch("north")
    assert (await operators.route(brand)).stopped is False
    await switch("south")
    route = await operators.route(brand)
    assert (route.candidates, route.refusal, route.stopped) == ((), "no_account_allowed", True)
    await operators.policy(brand, plain() | {"default": {"refuse": "closed"}})
    route = await operators.route(brand)
    assert (route.refusal, route.stopped) == ("closed", False)


class HalfOpen(AlwaysWell):
    """North is half open; `granted` probes are given, one after the other."""

    reads = "jsonb_build_object('half_open', 'north')"

    def __init__(self, granted: int) -> None:
        self.granted = granted
        self.claims: list[tuple[MerchantAccount, str]] = []

    def health(self, given: Any, kind: Kind) -> Health:
        standing = Standing(psp=given["half_open"], state=State.HALF_OPEN, probe=True)
        return Health((standing,))

    async def claim(self, account: MerchantAccount, method: str) -> bool:
        self.claims.append((account, method))
        self.granted -= 1
        return self.granted >= 0


async def test_a_probe_is_claimed_before_a_half_open_account_is_asked_first(
    operators: Operators,
) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north", "south"))
    conditions = HalfOpen(granted=1)
    routing = PolicyRouting(operators.pool, operators.snapshots, conditions)
    request = asked(brand)
    assert (await routing.route(request)).candidates == (NORTH, SOUTH)
    assert (await routing.route(request)).candidates == (NORTH, SOUTH)
    assert conditions.claims == [(NORTH, "card")]
    assert (await routing.route(asked(brand))).candidates == (SOUTH,)
    assert len(conditions.claims) == 2


async def test_a_half_open_account_behind_others_is_no_probe(operators: Operators) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("south", "north"))
    conditions = HalfOpen(granted=9)
    routing = PolicyRouting(operators.pool, operators.snapshots, conditions)
    assert (await routing.route(asked(brand))).candidates == (SOUTH, NORTH)
    assert conditions.claims == []


async def test_rules_hear_what_is_known_of_player_and_card(operators: Operators) -> None:
    brand = a_brand()
    rules = [
        rule("germans", "player_country", "DE", order("east")),
        rule("debit", "card_type", "debit", order("south")),
        rule("vips", "segment", "vip", order("south", "east")),
    ]
    await operators.policy(brand, plain("north", rules=rules))
    assert await operators.psps(brand, facts=RoutingHints(player_country="DE")) == ["east"]
    assert await operators.psps(brand, facts=RoutingHints(card_type="debit")) == ["south"]
    assert await operators.psps(brand, segment="vip") == ["south", "east"]


def test_hours_are_those_of_the_player_and_nonsense_is_not_known() -> None:
    at = datetime(2031, 1, 5, 23, 30, tzinfo=UTC)  # a Sunday
    hints = RoutingHints(utc_offset_minutes=60, bin="411111", card_type="credit")
    facts = facts_of(asked("acme", facts=hints), at)
    assert (facts.weekday, facts.hour, facts.bin) == (Weekday.MONDAY, 0, "411111")
    assert facts.card_type is CardType.CREDIT
    hints = RoutingHints(utc_offset_minutes=10**6, bin="4111x", card_type="gold")
    facts = facts_of(asked("acme", facts=hints), at)
    assert (facts.weekday, facts.hour, facts.bin, facts.card_type) == (None, None, None, None)


@pytest.fixture
async def admin(untouched: Database) -> Any:
    connection = await asyncpg.connect(untouched.admin_url)
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    yield connection
    await connection.execute("DROP EXTENSION pg_stat_statements")
    await connection.close()


async def test_a_route_costs_two_round_trips(
    operators: Operators, admin: asyncpg.Connection
) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north"))
    await operators.route(brand)
    request = asked(brand)
    statements = (
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_database d "
        "ON d.oid = s.dbid AND d.datname = current_database() "
        "JOIN pg_roles r ON r.oid = s.userid AND r.rolname = 'paysaga_app' WHERE s.toplevel"
    )
    for expected in (2, 1):
        await admin.execute("SELECT pg_stat_statements_reset()")
        await operators.routing.route(request)
        assert await admin.fetchval(statements) == expected
