"""What was refused at the PSPs' door: kept as evidence, never with what a body or header said.

The first refusal of a kind is written at once; those that follow are counted and written as one
row a minute, so that nobody fills the disk by knocking. A process that is killed loses the count
of a minute, never the first of a kind.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.inbox.tables import SecurityRow
from infra.postgres import OUTAGES

_WRITE = """
INSERT INTO security_events
    (psp, rule, status, occurrences, remote, header_names, body_bytes, body_sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_KINDS_AT_MOST = 200
_NAMES_AT_MOST = 40
_WRITE_SECONDS = 2.0
# A name is the sender's text too: one with a long number in it is not kept.
_NAME = re.compile(r"(?!.*[0-9]{6})[a-z][a-z0-9_\-]{0,63}", re.ASCII)

log = structlog.get_logger("paysaga.security")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One request that was refused."""

    psp: str
    rule: str
    status: int
    remote: str | None
    header_names: Sequence[str]
    body_bytes: int | None
    """None where the body was not read."""
    body_sha256: str | None
    occurrences: int = 1

    @classmethod
    def of(
        cls,
        psp: str,
        rule: str,
        status: int,
        *,
        remote: str | None,
        headers: Iterable[str],
        body: bytes | None,
    ) -> Refusal:
        names = sorted({name for name in headers if _NAME.fullmatch(name)})
        return cls(
            psp=psp,
            rule=rule,
            status=status,
            remote=remote,
            header_names=names[:_NAMES_AT_MOST],
            body_bytes=None if body is None else len(body),
            body_sha256=None if body is None else hashlib.sha256(body).hexdigest(),
        )


class SecurityLog:
    def __init__(self, pool: asyncpg.Pool, engine: AsyncEngine, quiet_seconds: float) -> None:
        """Between two rows of a kind `quiet_seconds` pass."""
        self._pool = pool
        self._engine = engine
        self._quiet_seconds = quiet_seconds
        self._counted: dict[tuple[str, str], Refusal | None] = {}
        """The kinds that are being counted, with what has been counted so far."""
        self._counting: set[asyncio.Task[None]] = set()

    async def record(self, refusal: Refusal) -> None:
        """Raises nothing: a refusal stays a refusal when it cannot be written down."""
        log.warning("webhook_refused", psp=refusal.psp, rule=refusal.rule, status=refusal.status)
        kind = (refusal.psp, refusal.rule)
        if kind not in self._counted and len(self._counted) >= _KINDS_AT_MOST:
            kind = (refusal.psp, "others")
            refusal = replace(refusal, rule="others")
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

    async def list(
        self, *, psp: str | None = None, rule: str | None = None, limit: int = 50
    ) -> Sequence[SecurityRow]:
        """The newest rows."""
        query = select(SecurityRow).order_by(col(SecurityRow.id).desc()).limit(limit)
        if psp is not None:
            query = query.where(col(SecurityRow.psp) == psp)
        if rule is not None:
            query = query.where(col(SecurityRow.rule) == rule)
        async with AsyncSession(self._engine) as session:
            return (await session.exec(query)).all()

    async def _count(self, kind: tuple[str, str]) -> None:
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
                )
        except OUTAGES as down:
            log.error(
                "security_event_lost",
                psp=refusal.psp,
                rule=refusal.rule,
                occurrences=refusal.occurrences,
                error=type(down).__name__,
            )
