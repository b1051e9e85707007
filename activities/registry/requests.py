"""Idempotency keys: the first request under a key is done, every later one is told what it got.

Whoever holds a key does the same idempotent thing with the same resource id, so that a caller who
died between claim and answer is helped by simply asking again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

import asyncpg

from activities.registry.claims import Action, Answer, Claim, Claimed, claimed_of, written_action
from activities.registry.new_payment import NewPayment, kept_order
from activities.registry.tables import PaymentRow

_ORDER = """
SELECT p.*, c.* FROM payments p
CROSS JOIN LATERAL registry_claim(p.brand, $3, $4, p.id, $5) AS c
WHERE p.id = $1 AND ($2::text[] @> '{*}' OR p.brand = ANY ($2))
"""


class Requests:
    """One database round trip per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def open(
        self, claim: Claim, payment: NewPayment, answer: Answer | None = None
    ) -> Claimed:
        """Claim the key and, if it is new, write the payment in the same transaction, with its
        answer where nothing is left to be done.

        Where there is, answer the key only when the run exists: a sweep starts the runs of payments
        whose key was never answered. Raises KeyReused, RefundIdTaken.
        """
        row = await self._pool.fetchrow(
            "SELECT * FROM registry_open_answered($1, $2, $3, $4, $5, $6, $7, $8)",
            claim.brand,
            claim.key,
            claim.request_hash,
            claim.resource_id,
            {**asdict(payment), "order": kept_order(payment.order)},
            written_action(claim.action),
            answer and answer.status,
            answer and answer.body,
        )
        return claimed_of(row, claim)

    async def claim(self, claim: Claim) -> Claimed:
        """Claim the key for a command on `resource_id`. Raises KeyReused."""
        row = await self._pool.fetchrow(
            "SELECT * FROM registry_claim($1, $2, $3, $4, $5)",
            claim.brand,
            claim.key,
            claim.request_hash,
            claim.resource_id,
            written_action(claim.action),
        )
        return claimed_of(row, claim)

    async def order(
        self,
        payment_id: str,
        brands: Collection[str],
        key: str,
        request_hash: str,
        action: Action | None = None,
    ) -> tuple[PaymentRow, Claim, Claimed] | None:
        """Claim the key for a command on a payment of these brands (`*` for all), and give the
        payment. None: there is none. Raises KeyReused."""
        row = await self._pool.fetchrow(
            _ORDER, payment_id, list(brands), key, request_hash, written_action(action)
        )
        if row is None:
            return None
        claim = Claim(
            brand=row["brand"], key=key, request_hash=request_hash, resource_id=payment_id
        )
        names = {"order" if name == "run_order" else name for name in row.keys()}  # noqa: SIM118
        columns = {
            name: row["run_order" if name == "order" else name]
            for name in names & set(PaymentRow.model_fields)
        }
        return PaymentRow(**columns), claim, claimed_of(row, claim)

    async def answer(self, claim: Claim, answer: Answer) -> Answer:
        """Keep the answer; if another request under the key was quicker, return that one's."""
        row = await self._pool.fetchrow(
            "SELECT * FROM registry_answer($1, $2, $3, $4)",
            claim.brand,
            claim.key,
            answer.status,
            answer.body,
        )
        if row is None:
            raise LookupError("an answer gave no row")
        return Answer(row["answer_status"], row["answer_body"])
