"""Payments that want to move, stops that hold them up, and whoever lets them go."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from activities.routing.stopping.drain import Drainer
from activities.routing.stopping.movability import Movability
from activities.routing.stopping.stop import Stop
from activities.routing.stopping.stops import Stops
from workflows.domain.identity import Kind
from workflows.domain.payments import Go, Moved, MoveRequest, Stoppable
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.stop_scope import StopScope

CAPTURES, PAYOUTS = Stoppable.CAPTURES, Stoppable.PAYOUTS
_KINDS = {CAPTURES: Kind.DEPOSIT, PAYOUTS: Kind.PAYOUT}
_READY = {CAPTURES: "AUTHORIZED", PAYOUTS: "PAYOUT_SUBMITTED"}


async def asked(
    pool: asyncpg.Pool,
    payment_id: str,
    psp: str | None,
    operation: Stoppable = CAPTURES,
    *,
    account: str = "main",
    brand: str = "acme",
    region: str = "EU",
) -> Moved:
    return await Movability(pool).of(
        MoveRequest(
            payment_id=payment_id,
            kind=_KINDS[operation],
            account=None if psp is None else MerchantAccount(psp, account),
            brand=brand,
            region=region,
            operation=operation,
            player_id="player-1",
        )
    )


async def goes(pool: asyncpg.Pool, payment_id: str, psp: str | None, **how: Any) -> bool:
    return isinstance(await asked(pool, payment_id, psp, **how), Go)


async def ready(
    owner: asyncpg.Pool, psp: str | None, operation: Stoppable = CAPTURES, **changes: Any
) -> str:
    """A payment whose money is about to move there, as the registry knows it."""
    row: dict[str, Any] = {
        "brand": "acme",
        "region": "EU",
        "status": _READY[operation],
        "amount": 5000,
        "final": False,
    } | changes
    payment_id = ("in_" if operation is CAPTURES else "po_") + uuid.uuid4().hex
    facts = {} if psp is None else {"account": {"psp": psp, "id": "main"}}
    await owner.execute(
        "INSERT INTO payments (id, kind, brand, region, player_id, currency, amount_minor, method,"
        " status, version, final, trace_id, requester, details, run_order, facts, created_at,"
        " updated_at) VALUES ($1, $2, $3, $4, 'player-1', 'EUR', $5, 'card',"
        " $6, 1, $7, 'trace-1', 'tests', '{}', '{}', $8, now(), now())",
        payment_id,
        _KINDS[operation],
        row["brand"],
        row["region"],
        row["amount"],
        row["status"],
        row["final"],
        facts,
    )
    return payment_id


async def stop(pool: asyncpg.Pool, operation: Stoppable = CAPTURES, **where: str) -> Stop:
    return await Stops(pool).put(
        StopScope(operation=operation, **where), reason="they are down", by="operator-1"
    )


async def lift(pool: asyncpg.Pool, stop_id: int, per_second: float = 1000) -> Stop:
    return await Stops(pool).lift(
        stop_id, per_second=per_second, reason="up again", by="operator-2"
    )


class Sink:
    """Takes what is let go, in order; away or over if it is told so."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.is_over: set[str] = set()

    async def __call__(self, payment_id: str) -> bool:
        self.taken.append(payment_id)
        return payment_id not in self.is_over


@asynccontextmanager
async def draining(*drainers: Drainer) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each.run()) for each in drainers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_released(pool: asyncpg.Pool, stop_id: int, count: int) -> Stop:
    """Raises TimeoutError."""
    async with asyncio.timeout(60):
        while True:
            found = await Stops(pool).stop(stop_id)
            if found is not None and found.released >= count:
                return found
            await asyncio.sleep(0.02)
