"""Why payments went where they went: written once with the answer, and read by whoever asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import asyncpg

from activities.routing.kept import FACTS, RECEIPT, ROUTE, Kept, shortened
from workflows.domain.payments import Route
from workflows.domain.routing.accounts import ANY

_OF = """
SELECT number, at, brand, generation, facts, receipt, route FROM routing_receipts
WHERE payment_id = $1 AND ($2::text[] @> '{*}' OR brand = ANY ($2)) ORDER BY number
"""


async def keep(pool: asyncpg.Pool, kept: Kept) -> Route:
    """One round trip. The route that counts: this one, or that of whoever was first."""
    first = kept.route.candidates[0] if kept.route.candidates else None
    route = await pool.fetchval(
        "SELECT routing_keep($1)",
        {
            "payment_id": kept.payment_id,
            "number": kept.number,
            "at": kept.at,
            "brand": kept.brand,
            "policy": kept.receipt.policy_id,
            "version": kept.receipt.policy_version,
            "generation": kept.generation,
            "facts": kept.facts,
            "receipt": shortened(kept.receipt),
            "route": kept.route,
            "first_psp": first and first.psp,
            "first_account": first and first.id,
            "experiment": kept.receipt.experiment,
            "arm": kept.receipt.arm,
        },
    )
    return ROUTE.validate_python(route)


async def receipts_of(
    pool: asyncpg.Pool, payment_id: str, brands: Collection[str] = (ANY,)
) -> Sequence[Kept]:
    """One for each time that the payment was routed; none of other brands (`*` is all)."""
    return [
        Kept(
            payment_id=payment_id,
            number=row["number"],
            at=row["at"],
            brand=row["brand"],
            generation=row["generation"],
            facts=FACTS.validate_python(row["facts"]),
            receipt=RECEIPT.validate_python(row["receipt"]),
            route=ROUTE.validate_python(row["route"]),
        )
        for row in await pool.fetch(_OF, payment_id, list(brands))
    ]
