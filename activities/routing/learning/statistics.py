"""Counting what became of first attempts, by account and segment, over a sliding window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import asyncpg
from asyncpg.pool import PoolConnectionProxy as Connection

from activities.routing.learning.segmentation import (
    Segmentation,
    fields_of,
    known_in_sql,
    segments,
)
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.learning.statistics import Counts, Statistics, Tally

_PATIENCE_SECONDS = 60.0
"""A window may hold many payments."""


async def count(
    connection: Connection | asyncpg.Pool,
    several: Iterable[Segmentation],
    since: datetime,
    version: str = "",
) -> Statistics:
    """One round trip. A chargeback counts from when it is heard of, however old its payment is."""
    several = tuple(several)
    rows = await connection.fetch(_counting(several), since, timeout=_PATIENCE_SECONDS)
    found: dict[tuple[MerchantAccount, str], Counts] = {}
    for row in rows:
        account = MerchantAccount(row["first_psp"], row["first_account"])
        counts = Counts(row["attempts"], row["approvals"], row["chargebacks"])
        for segment in segments(row["known"], several):
            found[account, segment] = found.get((account, segment), Counts()) + counts
    return Statistics(version, tuple(Tally(*at, counts) for at, counts in found.items()))


def _counting(several: Iterable[Segmentation]) -> str:
    """The names of facts are written into it: an enumeration of our own."""
    return f"""
WITH seen AS MATERIALIZED (
    SELECT first_psp, first_account, {known_in_sql(fields_of(several), "facts")} AS known,
        outcome, false AS back
    FROM routing_first_attempts WHERE routed_at >= $1 AND first_psp IS NOT NULL
    UNION ALL
    SELECT first_psp, first_account, {known_in_sql(fields_of(several), "facts")},
        outcome, true
    FROM routing_first_attempts WHERE charged_back_at >= $1 AND first_psp IS NOT NULL
)
SELECT first_psp, first_account, known,
    count(*) FILTER (WHERE NOT back) AS attempts,
    count(*) FILTER (WHERE NOT back AND outcome = 'approved') AS approvals,
    count(*) FILTER (WHERE back AND outcome = 'approved') AS chargebacks
FROM seen WHERE outcome IS NOT NULL
GROUP BY first_psp, first_account, known
"""  # noqa: S608
