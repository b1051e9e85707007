"""Answers the Routing port: by the policy and the merchant accounts that are active now.

Two round trips: one reads all that may have changed, one keeps the receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import asyncpg

from activities.routing.asking import facts_of
from activities.routing.conditions import AlwaysWell, Conditions
from activities.routing.counts import Learned
from activities.routing.parking import Parking
from activities.routing.receipts import ROUTE, Kept, keep
from activities.routing.snapshot import BUILTIN, GENERATION, Snapshot, Snapshots
from activities.routing.switches import OFF
from workflows.domain.payments import Kind, Route, RouteRequest
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import Accounts, key_of_account
from workflows.domain.routing.decision import Decision, decide
from workflows.domain.routing.draw import Draw
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.health import Health, Stop
from workflows.domain.routing.receipt import Reason
from workflows.domain.routing.rules import Policy
from workflows.domain.routing.statistics import Statistics


@dataclass(frozen=True)
class Case:
    """All that a decision is made from, besides health."""

    policy: Policy
    accounts: Accounts
    facts: RoutingFacts
    statistics: Statistics
    draw: Draw

    def decided(self, health: Health) -> Decision:
        return decide(self.policy, self.accounts, self.facts, health, self.statistics, self.draw)


class PolicyRouting(Parking):
    def __init__(
        self,
        pool: asyncpg.Pool,
        snapshots: Snapshots,
        conditions: Conditions | None = None,
    ) -> None:
        super().__init__(pool)
        self._snapshots = snapshots
        self._conditions = conditions or AlwaysWell()
        self._learned = Learned(pool)
        self._reads = _reads(self._conditions)

    async def route(self, request: RouteRequest) -> Route:
        """The first answer to a payment's number is the answer, however often it is asked."""
        row = await self._pool.fetchrow(self._reads, request.payment_id, request.number)
        if row is None:
            raise LookupError("what routing needs gave no row")
        if row["route"] is not None:
            return ROUTE.validate_python(row["route"])
        at = datetime.now(UTC)
        snapshot = await self._snapshots.of(row["generation"])
        statistics = await self._learned.of(row["counts"])
        case = _case(request, at, snapshot, statistics)
        health = self._conditions.health(row["conditions"], request.kind)
        health = replace(health, stops=(*health.stops, *_stops(row["switches"] or [])))
        decision = await self._decided(case, health)
        route = _route(case, health, decision)
        if not request.payment_id:
            return route
        kept = Kept(
            payment_id=request.payment_id,
            number=request.number,
            at=at,
            brand=request.brand,
            generation=snapshot.generation,
            facts=case.facts,
            receipt=decision.receipt,
            route=route,
        )
        return await keep(self._pool, kept)

    async def _decided(self, case: Case, health: Health) -> Decision:
        """Where a half-open account comes first, this payment is its probe, or goes elsewhere."""
        method = case.facts.method
        while True:
            decision = case.decided(health)
            first = decision.receipt.candidates[0] if decision.receipt.candidates else None
            if first is None:
                return _patient(case, health, decision)
            if not first.probe:
                return decision
            if await self._conditions.claim(first.account, method):
                return decision
            health = _without_probe(health, first.account, method)


def _reads(conditions: Conditions) -> str:
    return f"""
SELECT ({GENERATION}) AS generation, (SELECT max(version) FROM routing_statistics) AS counts,
    ({OFF}) AS switches, ({conditions.reads}) AS conditions,
    (SELECT route FROM routing_receipts WHERE payment_id = $1 AND number = $2) AS route
"""  # noqa: S608 - parts of our own


def _case(request: RouteRequest, at: datetime, snapshot: Snapshot, statistics: Statistics) -> Case:
    policy = snapshot.policy(request.brand)
    name = f"{request.payment_id or uuid4()}:{request.number}:{policy.id}:{policy.version}"
    return Case(
        policy,
        snapshot.accounts if request.amount is not None else snapshot.without_limits,
        facts_of(request, at),
        statistics,
        Draw(sha256(name.encode()).hexdigest()[:32]),
    )


def _route(case: Case, health: Health, decision: Decision) -> Route:
    profiles = case.accounts.by_key
    keys = [key_of_account(account) for account in decision.accounts]
    policy = case.policy
    return Route(
        candidates=decision.accounts,
        policy=policy.id,
        policy_version=policy.version,
        rule=decision.receipt.rule,
        refusal=decision.refusal,
        # Without a policy nobody has said how far to go: as far as there are accounts.
        limits=None if policy.id == BUILTIN else policy.cascade,
        reuses_3ds=tuple(key for key in keys if profiles[key].reuses_3ds),
        stopped=decision.refusal is not None and _is_only_stopped(case, health, decision),
    )


def _patient(case: Case, health: Health, refused: Decision) -> Decision:
    """Nobody stands at the till for a payout: rather than fail it waits for a PSP that is down."""
    if case.facts.kind is not Kind.PAYOUT or not health.standings:
        return refused
    decision = case.decided(replace(health, standings=()))
    return refused if decision.refusal is not None else decision


def _is_only_stopped(case: Case, health: Health, decision: Decision) -> bool:
    if all(one.reason is not Reason.STOPPED for one in decision.receipt.excluded):
        return False
    return case.decided(replace(health, stops=())).refusal is None


def _stops(switches: Sequence[Mapping[str, str]]) -> Iterable[Stop]:
    return (Stop(**switch) for switch in switches)


def _without_probe(health: Health, account: MerchantAccount, method: str) -> Health:
    return replace(
        health,
        standings=tuple(
            replace(one, probe=False)
            if one.psp == account.psp and one.is_about(account, method)
            else one
            for one in health.standings
        ),
    )
