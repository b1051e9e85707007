"""After the storm: wait until nothing moves by itself, then let people end what waits for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from tests.chaos.ground import Ground
from tests.chaos.load import Load
from tests.chaos.platform import LetDown

_WAITING_FOR_SOMEBODY = (
    "INITIATED",
    "REQUIRES_ACTION",
    "AUTHORIZED",
    "PAYOUT_AWAITING_APPROVAL",
    "PAYOUT_POSTPONED",
)
"""For the platform, the player or an approver; each has a deadline of its own."""

_OPEN = """
SELECT id, kind, status, EXISTS (SELECT FROM cases c WHERE c.payment_id = p.id) AS has_case
FROM payments p WHERE NOT final ORDER BY id
"""
_UNHEARD = """
SELECT (SELECT count(*) FROM inbox_events WHERE delivered_at IS NULL AND parked IS NULL) AS inbox,
    (SELECT count(*) FROM outgoing_events WHERE next_at IS NOT NULL) AS outgoing_events
"""


@dataclass(frozen=True)
class Open:
    id: str
    kind: str
    status: str
    has_case: bool

    @property
    def waits(self) -> bool:
        return self.has_case or self.status in _WAITING_FOR_SOMEBODY


class Closing:
    def __init__(self, at: Ground, load: Load) -> None:
        self._at, self._load = at, load

    async def rest(self, seconds: float) -> list[str]:
        """Until all that is open waits for somebody; what still moves when the time is over."""
        return await self._until(seconds, lambda payment: not payment.waits)

    async def end(self, seconds: float) -> list[str]:
        """Cancel and decline what waits for somebody; what is then open without a case."""
        await asyncio.gather(*(self._end(payment) for payment in await self._open()))
        return await self._until(seconds, lambda payment: not payment.has_case)

    async def _until(self, seconds: float, moving: Callable[[Open], bool]) -> list[str]:
        deadline = time.monotonic() + seconds
        while True:
            left = [f"{each.id} is {each.status}" for each in await self._open() if moving(each)]
            left += await self._unheard()
            if not left or time.monotonic() > deadline:
                return left
            await asyncio.sleep(0.5)

    async def _end(self, payment: Open) -> None:
        errand = self._load.errand(f"closing-{payment.id}")
        try:
            if payment.kind == "deposit":
                await errand.command(payment.id, "cancel")
            elif payment.kind == "payout":
                await errand.decide(payment.id, "decline")
        except LetDown:
            return

    async def _open(self) -> list[Open]:
        return [Open(**dict(row)) for row in await self._rows(_OPEN)]

    async def _unheard(self) -> list[str]:
        """What is on its way: webhooks to us or to a run, and events to the platform."""
        [row] = await self._rows(_UNHEARD)
        webhooks = (await self._at.psp.get("/_control/webhooks")).json()["webhooks"]
        waiting = sum(event["state"] == "waiting" for event in webhooks)
        return [
            f"{count} {what}"
            for count, what in (
                (row["inbox"], "webhooks are in the inbox"),
                (waiting, "webhooks are with the PSP"),
                (row["outgoing_events"], "events wait to be told to the platform"),
            )
            if count
        ]

    async def _rows(self, query: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(
            self._at.stack.postgres.database().auditor_url, ssl=False
        )
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()
