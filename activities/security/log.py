"""What was refused at our doors: kept as evidence, never with what a body or header said.

A door is a PSP's webhook, or the API itself, which refuses who is not known (401), who may not
(403) and who asks too often (429).

The first refusal of a kind is written at once; those that follow are counted and written as one
row a minute, so that nobody fills the disk by knocking. A process that is killed loses the count
of a minute, never the first of a kind.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import structlog

from activities.security.refusal import Kind, Refusal
from infra.postgres import OUTAGES

_WRITE = """
INSERT INTO security_events
    (psp, rule, status, occurrences, remote, header_names, body_bytes, body_sha256, place, actor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_KINDS_AT_MOST = 200
_OTHERS = "others"
_WRITE_SECONDS = 2.0


log = structlog.get_logger("paysaga.security")


class SecurityLog:
    def __init__(self, pool: asyncpg.Pool, quiet_seconds: float) -> None:
        """Between two rows of a kind `quiet_seconds` pass."""
        self._pool = pool
        self._quiet_seconds = quiet_seconds
        self._counted: dict[Kind, Refusal | None] = {}
        """The kinds that are being counted, with what has been counted so far."""
        self._counting: set[asyncio.Task[None]] = set()

    async def record(self, refusal: Refusal) -> None:
        """Raises nothing: a refusal stays a refusal when it cannot be written down."""
        what = "webhook_refused" if refusal.psp is not None else "request_refused"
        log.warning(what, psp=refusal.psp, rule=refusal.rule, status=refusal.status)
        if refusal.kind not in self._counted and len(self._counted) >= _KINDS_AT_MOST:
            refusal = replace(refusal, rule=_OTHERS, actor=None)
        kind = refusal.kind
        if kind in self._counted:
            before = self._counted[kind]
            self._counted[kind] = replace(
                refusal, occurrences=1 + (before.occurrences if before else 0)
            )
            return
        self._counted[kind] = None
        counting = asyncio.create_task(self._count(kind))
        self._counting.add(counting)
        counting.add_done_callback(self._counting.discard)
        await self._write(refusal)

    async def aclose(self) -> None:
        """Write what has been counted."""
        for counting in self._counting:
            counting.cancel()
        await asyncio.gather(*self._counting, return_exceptions=True)
        for counted in self._counted.values():
            if counted is not None:
                await self._write(counted)
        self._counted.clear()

    async def _count(self, kind: Kind) -> None:
        """Until a whole while passes without a refusal of this kind."""
        while True:
            await asyncio.sleep(self._quiet_seconds)
            counted, self._counted[kind] = self._counted[kind], None
            if counted is None:
                del self._counted[kind]
                return
            await self._write(counted)

    async def _write(self, refusal: Refusal) -> None:
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await self._pool.execute(
                    _WRITE,
                    refusal.psp,
                    refusal.rule,
                    refusal.status,
                    refusal.occurrences,
                    refusal.remote,
                    refusal.header_names,
                    refusal.body_bytes,
                    refusal.body_sha256,
                    refusal.place,
                    refusal.actor,
                )
        except OUTAGES as down:
            log.error(
                "security_event_lost",
                psp=refusal.psp,
                rule=refusal.rule,
                occurrences=refusal.occurrences,
                error=type(down).__name__,
            )
