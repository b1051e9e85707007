"""Keeping what compliance knows of a player; one statement each."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg


@dataclass(frozen=True, kw_only=True)
class RiskPlayer:
    kyc: str = "unknown"
    blocked: bool = False
    vip: bool = False
    country: str | None = None


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
