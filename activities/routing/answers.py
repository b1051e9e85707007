"""From what a run asks to the situation that is decided, and from the decision to the answer."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from activities.routing.asking import facts_of
from activities.routing.snapshot import BUILTIN, Snapshot
from workflows.domain.payments import Route, RouteRequest
from workflows.domain.routing.accounts import key_of_account
from workflows.domain.routing.decision import RoutingDecision
from workflows.domain.routing.draw import Draw
from workflows.domain.routing.health import Health
from workflows.domain.routing.learning.statistics import Statistics
from workflows.domain.routing.situation import Situation


def situation_of(
    request: RouteRequest, at: datetime, snapshot: Snapshot, statistics: Statistics
) -> Situation:
    policy = snapshot.policy(request.brand)
    name = f"{request.payment_id or uuid4()}:{request.number}:{policy.id}:{policy.version}"
    return Situation(
        policy,
        snapshot.accounts if request.amount is not None else snapshot.without_limits,
        facts_of(request, at),
        statistics,
        Draw(sha256(name.encode()).hexdigest()[:32]),
    )


def route_of(situation: Situation, health: Health, decision: RoutingDecision) -> Route:
    profiles = situation.accounts.by_key
    keys = [key_of_account(account) for account in decision.accounts]
    policy = situation.policy
    return Route(
        candidates=decision.accounts,
        policy=policy.id,
        policy_version=policy.version,
        rule=decision.receipt.rule,
        refusal=decision.refusal,
        # Without a policy nobody has said how far to go: as far as there are accounts.
        limits=None if policy.id == BUILTIN else policy.cascade,
        reuses_3ds=tuple(key for key in keys if profiles[key].reuses_3ds),
        sells=tuple(key for key in keys if profiles[key].sells(situation.facts.method)),
        stopped=situation.is_only_stopped(health, decision),
    )
