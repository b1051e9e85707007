"""Keeping what compliance knows of a player; one statement each."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from workflows.domain.risk import RiskPlayer

_WITH_PAYOUTS = """
SELECT p.kyc, p.blocked, p.vip, p.country,
    risk_other_payouts($1, $2, $3, $4, $5::interval) AS others_minor
FROM (SELECT) AS one LEFT JOIN risk_players p ON p.brand = $1 AND p.player_id = $2
"""


class RiskPlayers:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put(self, brand: str, player_id: str, player: RiskPlayer) -> None:
        await self._pool.execute(
            "INSERT INTO risk_players (brand, player_id, kyc, blocked, vip, country, updated_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, now()) ON CONFLICT (brand, player_id) DO UPDATE "
            "SET kyc = $3, blocked = $4, vip = $5, country = $6, updated_at = now()",
            brand,
            player_id,
            player.kyc,
            player.blocked,
            player.vip,
            player.country,
        )

    async def get(self, brand: str, player_id: str) -> RiskPlayer:
        """What is known; of a stranger, nothing."""
        row = await self._pool.fetchrow(
            "SELECT kyc, blocked, vip, country FROM risk_players "
            "WHERE brand = $1 AND player_id = $2",
            brand,
            player_id,
        )
        return RiskPlayer(**dict(row)) if row else RiskPlayer()

    async def with_payouts(
        self, brand: str, player_id: str, *, currency: str, payment_id: str, since: timedelta
    ) -> tuple[RiskPlayer, int]:
        """What is known, and what the player's other payouts since then come to in minor units."""
        row = await self._pool.fetchrow(
            _WITH_PAYOUTS, brand, player_id, currency, payment_id, since
        )
        if row is None:
            raise LookupError("a question about a player gave no row")
        found = {name: text for name, text in row.items() if text is not None}
        others = int(found.pop("others_minor", 0))
        return RiskPlayer(**found), others
