"""Switching PSPs, merchant accounts and methods on and off, effective with the next payment.

Payments under way go on: a switch is read when a payment is routed, and never after.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

ANY = "*"

_LATEST = """
SELECT DISTINCT ON (psp, account, method, brand)
    brand, psp, account, method, enabled, reason, changed_by, changed_at
FROM routing_switches ORDER BY psp, account, method, brand, id DESC
"""

OFF = f"""
SELECT jsonb_agg(jsonb_build_object(
    'brand', s.brand, 'psp', s.psp, 'account', s.account, 'method', s.method
)) FROM ({_LATEST}) s WHERE NOT s.enabled
"""  # noqa: S608 - parts of our own
"""All that is switched off, as one value of a larger statement; null for nothing."""


@dataclass(frozen=True, kw_only=True)
class Switch:
    """`*` stands for every brand, account or method. Without a switch everything is on."""

    brand: str
    psp: str
    account: str
    method: str
    enabled: bool
    reason: str
    changed_by: str
    changed_at: datetime


class Switches:
    """One database round trip per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def current(self) -> Sequence[Switch]:
        """The latest word on every switch that was ever touched."""
        return [Switch(**dict(row)) for row in await self._pool.fetch(_LATEST)]

    async def seen_by(self, brands: Collection[str]) -> Sequence[Switch]:
        """Those that matter to the brands."""
        switches = await self.current()
        return [s for s in switches if ANY in brands or s.brand == ANY or s.brand in brands]

    async def put(
        self,
        *,
        brand: str,
        psp: str,
        account: str,
        method: str,
        enabled: bool,
        reason: str,
        changed_by: str,
    ) -> Switch:
        row = await self._pool.fetchrow(
            "INSERT INTO routing_switches "
            "(brand, psp, account, method, enabled, reason, changed_by) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) "
            "RETURNING brand, psp, account, method, enabled, reason, changed_by, changed_at",
            brand,
            psp,
            account,
            method,
            enabled,
            reason,
            changed_by,
        )
        if row is None:
            raise LookupError("a switch gave no row")
        return Switch(**dict(row))
