"""Storing verified events: one statement, and the webhook may be answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import orjson
import structlog

from activities.inbox import cases
from workflows.domain.psp import PspEvent

_STORE = "SELECT * FROM inbox_store($1, $2, $3, $4, $5, $6::text[]::jsonb[])"
_FORGET_NONCES = "SELECT inbox_forget_nonces(interval '15 minutes')"
_NUL = b"\\u0000"
_LONGEST_NAME = 255

log = structlog.get_logger("paysaga.inbox")


class NonceUsed(Exception):
    """A webhook was replayed: nothing of it was stored."""


class Contested(Exception):
    """An event was told again with other facts: the first telling counts, a case has both.

    Other events of the same webhook were stored.
    """


class Unstorable(Exception):
    """A name is too long, or a text has a NUL character. Nothing was stored."""


@dataclass(frozen=True)
class _Told:
    psps: list[str]
    ids: list[str]
    payments: list[str]
    events: list[str]


class Inbox:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def store(
        self, events: Sequence[PspEvent], *, psp: str = "", nonce: str | None = None
    ) -> int:
        """Keep the events, each once by PSP and event id; give the number of new ones.

        With a nonce, only if that PSP has not used it before. Returns after the commit.
        Raises NonceUsed, Contested, Unstorable.
        """
        if not events and nonce is None:
            return 0
        told = _told(events)
        stored = await self._pool.fetchrow(
            _STORE, psp, nonce, told.psps, told.ids, told.payments, told.events
        )
        assert stored is not None  # noqa: S101 - the function returns one row
        if stored["nonce_used"]:
            raise NonceUsed
        if stored["contested"]:
            await self._contest(stored["contested"], events)
            raise Contested
        added: int = stored["added"]
        return added

    async def forget_nonces(self) -> int:
        """Those whose signatures are stale anyway; give how many."""
        forgotten: int = await self._pool.fetchval(_FORGET_NONCES)
        return forgotten

    async def _contest(self, rows: Sequence[int], events: Sequence[PspEvent]) -> None:
        for row in await self._pool.fetch(cases.ABOUT, rows):
            log.error("inbox_contested", psp=row["psp"], event_id=row["event_id"])
            name = (row["psp"], row["event_id"])
            for later in events:
                if (later.psp, later.event_id) == name:
                    await cases.contested(self._pool, row, later)


def _told(events: Sequence[PspEvent]) -> _Told:
    texts = [orjson.dumps(event) for event in events]
    names = [name for event in events for name in (event.event_id, event.key)]
    if any(_NUL in text for text in texts) or any(len(name) > _LONGEST_NAME for name in names):
        raise Unstorable
    return _Told(
        psps=[event.psp for event in events],
        ids=[event.event_id for event in events],
        payments=[event.payment_id for event in events],
        events=[text.decode() for text in texts],
    )
