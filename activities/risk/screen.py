"""Answers the Risk port: reads what is known of the player, and has the domain's rules judge it."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from activities.risk.players import RiskPlayers
from activities.risk.settings import RiskSettings as RiskSettings
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.risk import RiskPlayer, RiskRules, ScreenRequest, Verdict, screened
from workflows.ports import Risk

PLAYER = """
(SELECT jsonb_build_object('kyc', kyc, 'blocked', blocked, 'vip', vip, 'country', country)
 FROM risk_players WHERE brand = $3 AND player_id = $4) AS player
"""
"""What is known of the player `$4` of the brand `$3`, for a statement that reads more."""


class RiskScreen(Risk):
    """One read of the player and their payouts, the rest is settings."""

    def __init__(
        self, pool: asyncpg.Pool, settings: RiskSettings, *, kyc_before_payout: bool
    ) -> None:
        self._players = RiskPlayers(pool)
        self._window = timedelta(hours=settings.approval_window_hours)
        limits = settings.limits
        self._rules = RiskRules(
            deposit_minimum=limits.deposit_minimum,
            deposit_maximum=limits.deposit_maximum,
            payout_minimum=limits.payout_minimum,
            payout_maximum=limits.payout_maximum,
            approval_above=settings.approval_above,
            blocked_regions=settings.blocked_regions,
            payout_requires_kyc=kyc_before_payout,
        )

    async def screen(self, request: ScreenRequest) -> Verdict:
        player, together = await self._known(request)
        return screened(request, player, together, self._rules)

    def judged(self, request: ScreenRequest, row: asyncpg.Record) -> Verdict:
        """Of anything but a payout, by a row that has the column PLAYER."""
        player = RiskPlayer(**row["player"]) if row["player"] else RiskPlayer()
        return screened(request, player, request.amount, self._rules)

    async def _known(self, request: ScreenRequest) -> tuple[RiskPlayer, Money]:
        """The player, and the amount together with the player's other payouts of the window."""
        brand, player_id = request.player.brand, request.player.id
        if request.kind is not Kind.PAYOUT:
            return await self._players.get(brand, player_id), request.amount
        player, others = await self._players.with_payouts(
            brand,
            player_id,
            currency=request.amount.currency,
            payment_id=request.payment_id,
            since=self._window,
        )
        return player, request.amount + Money(others, request.amount.currency)
