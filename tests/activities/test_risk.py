"""May a payment go on? What compliance knows of the player, and limits by currency."""

from __future__ import annotations

import uuid
from decimal import Decimal

import asyncpg
import pytest

from activities.risk.players import RiskPlayers
from activities.risk.screen import RiskScreen
from activities.risk.settings import Limits, RiskSettings
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.risk import (
    ApprovalReason,
    Cleared,
    RiskPlayer,
    ScreenRequest,
    Stopped,
    Verdict,
)
from workflows.domain.wallet import Player

RULES = RiskSettings(
    limits=Limits(
        deposit_minimum={"default": Decimal(5)},
        deposit_maximum={"default": Decimal(1000), "JPY": Decimal(150000)},
    ),
    approval_above={"default": Decimal(500)},
    blocked_regions=["KP"],
)
TEN = Money(1000, "EUR")


def request(
    kind: Kind = Kind.DEPOSIT,
    amount: Money = TEN,
    player: str = "",
    region: str = "eu",
    segment: str | None = None,
) -> ScreenRequest:
    return ScreenRequest(
        kind=kind,
        player=Player("acme", player or uuid.uuid4().hex),
        amount=amount,
        method="card",
        region=region,
        segment=segment,
        as_of="2026-01-01T00:00:00+00:00",
    )


async def screened(pool: asyncpg.Pool, asked: ScreenRequest, *, kyc: bool = False) -> Verdict:
    return await RiskScreen(pool, RULES, kyc_before_payout=kyc).screen(asked)


async def known(pool: asyncpg.Pool, player: RiskPlayer) -> str:
    name = uuid.uuid4().hex
    await RiskPlayers(pool).put("acme", name, player)
    return name


async def test_a_stranger_may_deposit(pool: asyncpg.Pool) -> None:
    assert await screened(pool, request()) == Cleared()


@pytest.mark.parametrize(
    ("player", "reason"),
    [
        (RiskPlayer(blocked=True), "player_blocked"),
        (RiskPlayer(kyc="rejected"), "kyc_rejected"),
        (RiskPlayer(country="KP"), "region_blocked"),
    ],
)
async def test_what_compliance_says_of_a_player_stops_money_both_ways(
    pool: asyncpg.Pool, player: RiskPlayer, reason: str
) -> None:
    name = await known(pool, player)
    for kind in (Kind.DEPOSIT, Kind.PAYOUT):
        assert await screened(pool, request(kind, player=name)) == Stopped(reason)


async def test_a_block_is_of_one_brand(pool: asyncpg.Pool) -> None:
    name = await known(pool, RiskPlayer(blocked=True))
    other = ScreenRequest(**{**vars(request(player=name)), "player": Player("bravo", name)})
    assert await screened(pool, other) == Cleared()


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (Money(499, "EUR"), Stopped("limit_minimum")),
        (Money(500, "EUR"), Cleared()),
        (Money(100_000, "EUR"), Cleared()),
        (Money(100_001, "EUR"), Stopped("limit_exceeded")),
        (Money(150_000, "JPY"), Cleared()),
        (Money(150_001, "JPY"), Stopped("limit_exceeded")),
        (Money(1_000_000, "KWD"), Cleared()),
        (Money(1_000_001, "KWD"), Stopped("limit_exceeded")),
    ],
)
async def test_limits_are_in_units_of_the_currency(
    pool: asyncpg.Pool, amount: Money, verdict: Verdict
) -> None:
    assert await screened(pool, request(amount=amount)) == verdict


async def test_a_payout_needs_a_verified_player_where_the_licence_demands_it(
    pool: asyncpg.Pool,
) -> None:
    stranger, friend = request(Kind.PAYOUT), await known(pool, RiskPlayer(kyc="verified"))
    assert await screened(pool, stranger, kyc=True) == Stopped("kyc_required")
    assert await screened(pool, stranger, kyc=False) == Cleared()
    assert await screened(pool, request(Kind.PAYOUT, player=friend), kyc=True) == Cleared()
    assert await screened(pool, request(), kyc=True) == Cleared()


async def test_large_payouts_and_those_of_vips_need_a_second_person(pool: asyncpg.Pool) -> None:
    vip = await known(pool, RiskPlayer(vip=True))
    vips = Cleared(needs_approval=True, why=(ApprovalReason.VIP,))
    large = Cleared(needs_approval=True, why=(ApprovalReason.LARGE_AMOUNT,))
    assert await screened(pool, request(Kind.PAYOUT, Money(50_000, "EUR"))) == Cleared()
    assert await screened(pool, request(Kind.PAYOUT, Money(50_001, "EUR"))) == large
    assert await screened(pool, request(Kind.PAYOUT, player=vip)) == vips
    assert await screened(pool, request(Kind.PAYOUT, segment="vip")) == vips
    both = await screened(pool, request(Kind.PAYOUT, Money(50_001, "EUR"), player=vip))
    assert both == Cleared(
        needs_approval=True, why=(ApprovalReason.VIP, ApprovalReason.LARGE_AMOUNT)
    )
    assert await screened(pool, request(Kind.DEPOSIT, Money(50_001, "EUR"), player=vip)) == (
        Cleared()
    )


async def test_a_blocked_region_stops_a_payment(pool: asyncpg.Pool) -> None:
    assert await screened(pool, request(region="KP")) == Stopped("region_blocked")
