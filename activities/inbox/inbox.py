"""Storing verified events: one statement for all webhooks that come together, and each may be
answered."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import structlog

from activities.inbox import cases
from activities.inbox.agreement import agree
from activities.inbox.columns import Webhook, columns_of, columns_together
from activities.inbox.sending import Sending
from activities.inbox.unstored import Contested, Forged, NonceUsed
from infra.gathering import Bounds, Gathering
from infra.settings import Inbox as Limits
from workflows.domain.events import PspEvent

_TAKE_IN = """
SELECT * FROM inbox_take_in_together(
    $1, $2, $3, $4, $5, $6, $7, $8, $9::text[]::jsonb[], $10, $11, $12, $13)
"""
_BOUNDS = Bounds(items=64, weight=1 << 20, at_once=2)
_FORGET_NONCES = "SELECT inbox_forget_nonces(interval '15 minutes')"
_FORGET_SENDINGS = "SELECT inbox_forget_sendings(interval '7 days')"

log = structlog.get_logger("paysaga.inbox")


class Inbox:
    def __init__(self, pool: asyncpg.Pool, limits: Limits | None = None) -> None:
        self._pool = pool
        self._limits = limits or Limits()
        self._webhooks = Gathering(self._take_in, _BOUNDS, lambda webhook: webhook.weight)

    async def store(
        self,
        events: Sequence[PspEvent],
        *,
        psp: str = "",
        nonce: str | None = None,
        sending: Sending | None = None,
    ) -> int:
        """Keep the events, each once by PSP and event id; give the number of new ones.

        With a nonce, only if that PSP has not used it before; with a sending, only if no other body
        came under its name. A repetition of what its run was told, and what is too much for one
        payment, is kept and not delivered. Returns after the commit, which it shares with others.
        Raises NonceUsed, Forged, Contested, Unstorable.
        """
        if not events and nonce is None and sending is None:
            return 0
        webhook = Webhook(psp, nonce, sending, columns_of(events))
        stored = await self._webhooks.add(webhook)
        if stored["nonce_used"]:
            raise NonceUsed
        if stored["forged"]:
            raise Forged
        if stored["contested"] and await self._contest(stored["contested"], events):
            raise Contested
        added: int = stored["added"]
        return added

    async def aclose(self) -> None:
        """Returns when what was begun is stored."""
        await self._webhooks.aclose()

    async def forget_nonces(self) -> int:
        """Those whose signatures are stale anyway; give how many."""
        forgotten: int = await self._pool.fetchval(_FORGET_NONCES)
        return forgotten

    async def forget_sendings(self) -> int:
        """Likewise."""
        forgotten: int = await self._pool.fetchval(_FORGET_SENDINGS)
        return forgotten

    async def _take_in(self, webhooks: Sequence[Webhook]) -> Sequence[asyncpg.Record]:
        most = (self._limits.events_per_payment, self._limits.events_beyond)
        rows: Sequence[asyncpg.Record] = await self._pool.fetch(
            _TAKE_IN, *columns_together(webhooks), *most
        )
        return rows

    async def _contest(self, rows: Sequence[int], events: Sequence[PspEvent]) -> bool:
        """Whether facts differ that the PSP answers for: what it does not sign may be told in other
        words each time."""
        contested = False
        for row in await self._pool.fetch(cases.ABOUT, rows):
            name = (row["psp"], row["event_id"])
            for later in events:
                if (later.psp, later.event_id) == name and not agree(row["event"], later):
                    contested = True
                    log.error("inbox_contested", psp=row["psp"], event_id=row["event_id"])
                    await cases.contested(self._pool, row, later)
        return contested
