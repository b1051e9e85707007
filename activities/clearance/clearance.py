"""Answers the Clearance port: what risk and routing read, read by one statement.

Whoever judges it is given, since groups do not know each other; a second round trip keeps the
receipt of a route.
"""

from __future__ import annotations

from typing import Protocol

import asyncpg

from workflows.domain.clearance import ClearanceRequest, ClearedRoute
from workflows.domain.payments import Route, RouteRequest
from workflows.domain.risk import ScreenRequest, Stopped, Verdict
from workflows.ports import Clearance


class Judge(Protocol):
    """By a row that has what is known of the player `$4` of the brand `$3`."""

    def judged(self, request: ScreenRequest, row: asyncpg.Record) -> Verdict: ...


class Router(Protocol):
    """By a row that has its `columns`, of the payment `$1` at its number `$2`."""

    columns: str

    async def routed(self, request: RouteRequest, row: asyncpg.Record) -> Route: ...


class ClearanceDesk(Clearance):
    def __init__(self, pool: asyncpg.Pool, judge: Judge, player: str, router: Router) -> None:
        """`player`: the column by which the judge judges."""
        self._pool = pool
        self._judge = judge
        self._router = router
        self._reads = f"SELECT {player}, {router.columns}"

    async def clear(self, request: ClearanceRequest) -> ClearedRoute:
        screen, route = request.screen, request.route
        row = await self._pool.fetchrow(
            self._reads,
            route.payment_id,
            route.number,
            screen.player.brand,
            screen.player.id,
        )
        if row is None:
            raise LookupError("what clearance needs gave no row")
        verdict = self._judge.judged(screen, row)
        if isinstance(verdict, Stopped):
            return ClearedRoute(verdict=verdict, route=None)
        return ClearedRoute(verdict=verdict, route=await self._router.routed(route, row))
