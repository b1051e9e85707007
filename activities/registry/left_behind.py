"""What is under way at PSPs that are not connected."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import asyncpg

from workflows.domain.money import Money

_PSP = """coalesce(facts -> 'account' ->> 'psp', run_order -> 'account' ->> 'psp', (
    SELECT i.psp FROM psp_instructions i WHERE i.payment_id = payments.id
    ORDER BY i.asked_at DESC LIMIT 1))"""
_UNDER_WAY = f"""
SELECT psp, currency, count(*) AS payments, sum(amount_minor)::bigint AS minor_units,
    array_agg(DISTINCT brand) AS brands, (array_agg(id ORDER BY created_at, id))[1] AS oldest
FROM (SELECT *, {_PSP} AS psp FROM payments WHERE NOT final) AS under_way
WHERE psp IS NOT NULL AND psp <> ALL($1)
GROUP BY psp, currency ORDER BY psp, min(created_at)
"""  # noqa: S608 - constants of ours
_ANY = f"SELECT EXISTS (SELECT FROM payments WHERE NOT final AND {_PSP} = $1)"  # noqa: S608


@dataclass
class LeftBehind:
    """What is under way at one PSP."""

    psp: str
    oldest: str
    """The payment that was opened first."""
    payments: int = 0
    amounts: list[Money] = field(default_factory=list)
    """One for each currency."""
    brands: set[str] = field(default_factory=set)


async def left_behind(pool: asyncpg.Pool, connected: Collection[str]) -> Sequence[LeftBehind]:
    """By PSP. One round trip."""
    found: dict[str, LeftBehind] = {}
    for row in await pool.fetch(_UNDER_WAY, list(connected)):
        one = found.setdefault(row["psp"], LeftBehind(row["psp"], row["oldest"]))
        one.payments += row["payments"]
        one.amounts.append(Money(row["minor_units"], row["currency"]))
        one.brands.update(row["brands"])
    return list(found.values())


async def still_left_behind(pool: asyncpg.Pool, psps: Collection[str]) -> Sequence[str]:
    """Of these PSPs those at which payments are under way still. One round trip for each."""
    return [psp for psp in psps if await pool.fetchval(_ANY, psp)]
