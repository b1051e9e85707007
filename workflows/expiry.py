"""Expiry: intents with which nobody has gone ahead have no run of their own, and end here."""

from __future__ import annotations

from temporalio import workflow

from .domain.identity import EXPIRY
from .policies import EXPIRED_TOGETHER
from .steps import stubs


@workflow.defn(name=EXPIRY)
class Expiry:
    @workflow.run
    async def run(self) -> int:
        """Gives how many have expired. A schedule runs it, one at a time."""
        expired = 0
        while True:
            some = await stubs.expire(EXPIRED_TOGETHER)
            expired += some
            workflow.set_current_details(f"{expired} intents have expired")
            if some < EXPIRED_TOGETHER:
                return expired
