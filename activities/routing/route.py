"""Answers the Routing port: by the policy and the merchant accounts that are active now.

Two round trips: one reads all that may have changed, one keeps the receipt. Whoever asks for more
in the same statement reads `columns`, and has them judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg

from activities.routing.answers import route_of, situation_of
from activities.routing.conditions import AlwaysWell, Conditions
from activities.routing.kept import ROUTE, Kept
from activities.routing.learning.counts import Learned
from activities.routing.receipts import keep
from activities.routing.snapshots import GENERATION, Snapshots
from activities.routing.stopping.movability import Movability
from activities.routing.switches import OFF
from workflows.domain.payments import Moved, MoveRequest, Route, RouteRequest
from workflows.domain.routing.decision import RoutingDecision
from workflows.domain.routing.health import Health, Stop
from workflows.domain.routing.situation import Situation, without_probe
from workflows.ports import Routing


class PolicyRouting(Routing):
    def __init__(
        self,
        pool: asyncpg.Pool,
        snapshots: Snapshots,
        conditions: Conditions | None = None,
    ) -> None:
        self._pool = pool
        self._movability = Movability(pool)
        self._snapshots = snapshots
        self._conditions = conditions or AlwaysWell()
        self._learned = Learned(pool)
        self.columns = _columns(self._conditions)
        """All that may have changed, of the payment `$1` at its number `$2`."""

    async def may_move(self, request: MoveRequest) -> Moved:
        return await self._movability.of(request)

    async def route(self, request: RouteRequest) -> Route:
        """The first answer to a payment's number is the answer, however often it is asked."""
        reads = f"SELECT {self.columns}"
        row = await self._pool.fetchrow(reads, request.payment_id, request.number)
        if row is None:
            raise LookupError("what routing needs gave no row")
        return await self.routed(request, row)

    async def routed(self, request: RouteRequest, row: asyncpg.Record) -> Route:
        """By a row that has the `columns`; one round trip, which keeps the receipt."""
        if row["route"] is not None:
            return ROUTE.validate_python(row["route"])
        at = datetime.now(UTC)
        snapshot = await self._snapshots.of(row["generation"])
        statistics = await self._learned.of(row["counts"])
        situation = situation_of(request, at, snapshot, statistics)
        health = self._conditions.health(row["conditions"], request.kind)
        health = replace(health, stops=(*health.stops, *_stops(row["switches"] or [])))
        decision = await self._decided(situation, health)
        route = route_of(situation, health, decision)
        if not request.payment_id:
            return route
        kept = Kept(
            payment_id=request.payment_id,
            number=request.number,
            at=at,
            brand=request.brand,
            generation=snapshot.generation,
            facts=situation.facts,
            receipt=decision.receipt,
            route=route,
        )
        return await keep(self._pool, kept)

    async def _decided(self, situation: Situation, health: Health) -> RoutingDecision:
        """Where a half-open account comes first, this payment is its probe, or goes elsewhere."""
        method = situation.facts.method
        while True:
            decision = situation.decided(health)
            first = decision.receipt.candidates[0] if decision.receipt.candidates else None
            if first is None:
                return situation.decided_patiently(health, decision)
            if not first.probe:
                return decision
            if await self._conditions.claim(first.account, method):
                return decision
            health = without_probe(health, first.account, method)


def _columns(conditions: Conditions) -> str:
    return f"""
({GENERATION}) AS generation, (SELECT max(version) FROM routing_statistics) AS counts,
    ({OFF}) AS switches, ({conditions.reads}) AS conditions,
    (SELECT route FROM routing_receipts WHERE payment_id = $1 AND number = $2) AS route
"""  # noqa: S608 - parts of our own


def _stops(switches: Sequence[Mapping[str, str]]) -> Iterable[Stop]:
    return (Stop(**switch) for switch in switches)
