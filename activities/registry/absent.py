"""Payments under way at a PSP that is not connected: they cannot go on, and nobody would say so.

Nothing asks such a PSP, nothing hears it: its queue has no worker and its door is not there. It
happens when a PSP is taken out of the settings too early.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import asyncpg
import structlog

from activities.registry.left_behind import LeftBehind, left_behind
from infra.postgres import OUTAGES
from workflows.domain.escalations import CaseKind

# While a case about it is open its key is taken; one that was resolved is followed by the next.
_OPEN = """
INSERT INTO cases (key, payment_id, brand, kind, summary, money_at_risk_minor, currency, facts)
SELECT $1 || ':not_connected:' || 1 + (
        SELECT count(*) FROM cases
        WHERE kind = $4 AND facts ->> 'psp' = $1 AND state = 'resolved'),
    $2, $3, $4, $5, $6, $7, $8
ON CONFLICT (key) DO NOTHING
"""

log = structlog.get_logger("paysaga.registry")


async def report_left_behind(pool: asyncpg.Pool, connected: Collection[str]) -> Sequence[str]:
    """Say at once, in the log and in a case for each PSP, what was left behind; give the PSPs.

    Raises nothing: a start does not fail for it, nor for an outage.
    """
    return await _told(pool, connected, opens_cases=True)


async def found_left_behind(pool: asyncpg.Pool, connected: Collection[str]) -> Sequence[str]:
    """The same for who may open no cases: the workers do. In the log alone."""
    return await _told(pool, connected, opens_cases=False)


async def _told(
    pool: asyncpg.Pool, connected: Collection[str], *, opens_cases: bool
) -> Sequence[str]:
    try:
        found = await left_behind(pool, connected)
        for one in found:
            log.error("psp_not_connected", psp=one.psp, payments=one.payments, oldest=one.oldest)
            if opens_cases:
                await _open_case(pool, one)
    except OUTAGES as down:
        log.warning("psps_not_compared", error=type(down).__name__)
        return []
    return [one.psp for one in found]


async def _open_case(pool: asyncpg.Pool, one: LeftBehind) -> None:
    risk = one.amounts[0] if len(one.amounts) == 1 else None
    summary = (
        f"{one.payments} payments are under way at {one.psp}, which is not connected: nothing asks "
        "it and nothing hears it. Connect it by PAYSAGA_ROUTING_PSPS until they are done"
    )
    facts = {
        "psp": one.psp,
        "payments": str(one.payments),
        "oldest": one.oldest,
        "amounts": ", ".join(str(amount) for amount in one.amounts),
    }
    await pool.execute(
        _OPEN,
        one.psp,
        "",  # it is about no single payment
        next(iter(one.brands)) if len(one.brands) == 1 else "",
        CaseKind.PSP_NOT_CONNECTED,
        summary,
        risk.minor_units if risk else None,
        risk.currency if risk else None,
        facts,
    )
