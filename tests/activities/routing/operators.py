"""Two people who change routing: Ann proposes, Bob approves."""

from __future__ import annotations

import uuid
from typing import Any

import asyncpg

from activities.registry.books import RegistryBooks
from activities.registry.claims import Claim
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from activities.routing.changes.change import Change, ChangeDecision
from activities.routing.changes.changes import Changes
from activities.routing.route import PolicyRouting
from activities.routing.settings import Account
from activities.routing.snapshots import Snapshots
from workflows.domain.identity import Kind, key_of
from workflows.domain.money import Money
from workflows.domain.payments import Attempt, Facts, Route, RouteRequest
from workflows.domain.psp import MerchantAccount, Operation
from workflows.domain.records import Record

ANN, BOB = "ann", "bob"
NORTH, SOUTH, EAST = (MerchantAccount(psp, "main") for psp in ("north", "south", "east"))
PSPS = ("north", "south", "east")
LISTED = tuple(Account(psp=psp, id="main") for psp in PSPS)


def order(*psps: str) -> dict[str, Any]:
    return {"order": [f"{psp}/main" for psp in psps]}


def plain(*psps: str, **parts: Any) -> dict[str, Any]:
    """A policy without rules."""
    return {"rules": [], "default": order(*psps), **parts}


def rule(name: str, field: str, value: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "when": {"field": field, "in": [value]}, "then": then}


def account(psp: str, **parts: Any) -> dict[str, Any]:
    return {"psp": psp, "id": "main", **parts}


def a_brand() -> str:
    """One that no other story is told of."""
    return f"brand{uuid.uuid4().hex[:8]}"


def asked(brand: str, **changes: Any) -> RouteRequest:
    """Of a card deposit of 50.00 EUR."""
    usual: dict[str, Any] = {
        "kind": Kind.DEPOSIT,
        "brand": brand,
        "region": "EU",
        "method": "card",
        "currency": "EUR",
        "payment_id": f"in_{uuid.uuid4().hex}",
        "player_id": "player-1",
        "amount": Money(5000, "EUR"),
    }
    return RouteRequest(**(usual | changes))


class Operators:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.snapshots = Snapshots(pool, LISTED)
        self.changes = Changes(pool, self.snapshots, PSPS)
        self.routing = PolicyRouting(pool, self.snapshots)

    async def propose(self, policy_id: str, brand: str, document: Any, **how: Any) -> Change:
        return await self.changes.propose_policy(
            policy_id, document, brand=brand, reason="spring", by=ANN, **how
        )

    async def approve(self, change: Change) -> Change:
        return await self.changes.decide(change.id, ChangeDecision.APPROVE, reason="seen", by=BOB)

    async def policy(self, brand: str, document: dict[str, Any]) -> Change:
        """Proposed and approved; its id is `p-` and the brand."""
        return await self.approve(await self.propose(f"p-{brand}", brand, document))

    async def account(self, document: dict[str, Any]) -> Change:
        proposed = await self.changes.propose_account(document, reason="spring", by=ANN)
        return await self.approve(proposed)

    async def route(self, brand: str, **changes: Any) -> Route:
        return await self.routing.route(asked(brand, **changes))

    async def psps(self, brand: str, **changes: Any) -> list[str]:
        return [one.psp for one in (await self.route(brand, **changes)).candidates]


async def pay(pool: asyncpg.Pool, request: RouteRequest, *outcomes: tuple[str, str]) -> None:
    """What the registry knows once the payment's attempts, (PSP, outcome) each, have ended."""
    claim = Claim(
        brand=request.brand, key=uuid.uuid4().hex, request_hash="1", resource_id=request.payment_id
    )
    await Requests(pool).open(
        claim,
        NewPayment(
            kind=request.kind,
            brand=request.brand,
            region=request.region,
            player_id=request.player_id,
            currency=request.currency,
            amount_minor=request.amount.minor_units if request.amount else 0,
            method=request.method,
            status="NEW",
            trace_id="trace-1",
            requester="tests",
            details={},
            order={},
        ),
    )
    attempts = tuple(
        Attempt(
            key_of(request.payment_id, Operation.AUTHORIZE, number),
            MerchantAccount(psp, "main"),
            outcome,
        )
        for number, (psp, outcome) in enumerate(outcomes, 1)
    )
    await RegistryBooks(pool).record(
        Record(
            payment_id=request.payment_id,
            version=2,
            status="DONE",
            final=True,
            facts=Facts(attempts=attempts),
            at="2031-01-01T00:00:00+00:00",
        )
    )
