"""Which types of webhooks told us nothing, and how often: a table that lacks one is noticed.

They are counted beside the delivery, never in its way: what cannot be counted is logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import structlog

from activities.inbox.kinds import kinds_of
from infra.postgres import OUTAGES

# In one order, so that deliveries which count the same types cannot wait for each other.
_COUNT = """
INSERT INTO webhook_types AS kept (psp, day, type, known, count)
SELECT $1, (now() AT TIME ZONE 'UTC')::date, type, known, count
FROM unnest($2::text[], $3::boolean[], $4::bigint[]) AS told (type, known, count)
ORDER BY type, known
ON CONFLICT (psp, day, type, known) DO UPDATE SET count = kept.count + excluded.count
"""
_SECONDS = 2.0

log = structlog.get_logger("paysaga.inbox")


class WebhookTypes:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def count(self, psp: str, ignored: Sequence[str], unknown: Sequence[str]) -> None:
        """One statement, if there is anything to count. Raises nothing."""
        if not ignored and not unknown:
            return
        counted = kinds_of(ignored, unknown)
        news = sorted({type_ for type_, known in counted if not known})
        if news:
            log.warning("webhook_types_unknown", psp=psp, types=news[:10], kinds=len(news))
        try:
            async with asyncio.timeout(_SECONDS):
                await self._pool.execute(
                    _COUNT,
                    psp,
                    [type_ for type_, _ in counted],
                    [known for _, known in counted],
                    list(counted.values()),
                )
        except OUTAGES as down:
            log.error("webhook_types_not_counted", psp=psp, error=type(down).__name__)
