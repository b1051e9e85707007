"""Whether a fact about a payment that is over is news: most repeat what the books have.

It is judged by the table that the run of late facts goes by, and only where the very question has
the very answer in our books: a run may wait for any other fact, be it that it means nothing to us.
"""

from __future__ import annotations

from typing import Protocol

import asyncpg
from pydantic import TypeAdapter

from workflows.domain.events import PspEvent
from workflows.domain.late_events import Means, decide
from workflows.domain.records import Recalled
from workflows.steps.messages import ODD

_EVENT = TypeAdapter(PspEvent)


class Books(Protocol):
    async def recall(self, payment_id: str) -> Recalled: ...


class News:
    def __init__(self, books: Books | None) -> None:
        """Without books everything is news."""
        self._books = books

    async def is_none(self, row: asyncpg.Record) -> str | None:
        """Why it means nothing; None: a run sees to it, also to what cannot be read.

        Raises asyncpg's errors, OSError or TimeoutError.
        """
        if self._books is None:
            return None
        try:
            event = _EVENT.validate_python(row["event"])
            payment = await self._books.recall(row["payment_id"])
            meaning = decide(event, payment)
        except ODD:
            return None
        is_known = any((a.key, a.state) == (event.key, event.reply.kind) for a in payment.asked)
        return meaning.why if is_known and meaning.means is Means.NOTHING else None
