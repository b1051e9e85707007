"""A breaker and what it has seen, locked until the transaction ends."""

from __future__ import annotations

from dataclasses import dataclass

from asyncpg.pool import PoolConnectionProxy as Connection

from activities.routing.health.observation import Key
from workflows.domain.routing.breaker import Breaker, State, Window


@dataclass(frozen=True)
class Locked:
    breaker: Breaker
    window: Window
    probes: int
    now: float


async def locked(connection: Connection, key: Key, window_seconds: float) -> Locked | None:
    """None: nothing was ever seen of it."""
    row = await connection.fetchrow(
        "SELECT * FROM routing_breaker($1, $2, $3, $4)",
        key.psp,
        key.account,
        key.method,
        window_seconds,
    )
    if row is None:
        return None
    return Locked(
        Breaker(state=State(row["state"]), since=row["since"], opened=row["opened"]),
        Window(
            answered=row["answered"],
            failed=row["failed"],
            failed_in_a_row=row["failed_in_a_row"],
        ),
        row["probes"],
        row["now"],
    )
