"""Answers the Risk port: limits, geography, KYC, blocks and the four-eyes threshold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import asyncpg

from activities.risk.players import RiskPlayer, RiskPlayers
from infra.settings import Risk as RiskSettings
from workflows.domain.money import Money, exponent
from workflows.domain.payments import Cleared, Kind, ScreenRequest, Stopped, Verdict
from workflows.ports import Risk

VIP = "vip"


class RiskScreen(Risk):
    """One read of the player, the rest is settings."""

    def __init__(self, pool: asyncpg.Pool, rules: RiskSettings, *, kyc_before_payout: bool) -> None:
        self._players = RiskPlayers(pool)
        self._rules = rules
        self._kyc_before_payout = kyc_before_payout

    async def screen(self, request: ScreenRequest) -> Verdict:
        player = await self._players.get(request.player.brand, request.player.id)
        reason = self._reason_against(request, player)
        if reason is not None:
            return Stopped(reason)
        vip = player.vip or request.segment == VIP
        large = _above(request.amount, self._rules.approval_above)
        return Cleared(needs_approval=request.kind is Kind.PAYOUT and (vip or large))

    def _reason_against(self, request: ScreenRequest, player: RiskPlayer) -> str | None:
        limits, payout = self._rules.limits, request.kind is Kind.PAYOUT
        minimum = limits.payout_minimum if payout else limits.deposit_minimum
        maximum = limits.payout_maximum if payout else limits.deposit_maximum
        rules = (
            ("player_blocked", player.blocked),
            ("region_blocked", request.region in self._rules.blocked_regions),
            ("region_blocked", player.country in self._rules.blocked_regions),
            ("kyc_rejected", player.kyc == "rejected"),
            ("kyc_required", payout and self._kyc_before_payout and player.kyc != "verified"),
            ("limit_minimum", _below(request.amount, minimum)),
            ("limit_exceeded", _above(request.amount, maximum)),
        )
        return next((reason for reason, broken in rules if broken), None)


def _above(amount: Money, by_currency: Mapping[str, Decimal]) -> bool:
    bound = _minor_units(amount.currency, by_currency)
    return bound is not None and amount.minor_units > bound


def _below(amount: Money, by_currency: Mapping[str, Decimal]) -> bool:
    bound = _minor_units(amount.currency, by_currency)
    return bound is not None and amount.minor_units < bound


def _minor_units(currency: str, by_currency: Mapping[str, Decimal]) -> Decimal | None:
    bound = by_currency.get(currency, by_currency.get("default"))
    return None if bound is None else bound.scaleb(exponent(currency))
