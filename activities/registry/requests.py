"""Idempotency keys: the first request under a key is done, every later one is told what it got.

Whoever holds a key does the same idempotent thing with the same resource id, so that a caller who
died between claim and answer is helped by simply asking again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import asyncpg


@dataclass(frozen=True, kw_only=True)
class Claim:
    brand: str
    key: str
    request_hash: str
    """Of method, path and business parameters."""
    resource_id: str
    """Used when the key is new; otherwise the first request's resource id counts."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    """JSON text, given again byte for byte."""


@dataclass(frozen=True)
class Claimed:
    resource_id: str
    first: bool
    answer: Answer | None
    """None while nobody has answered yet: do it (again) under the same resource id."""


class KeyReused(Exception):
    """The key was used for another request."""


class RefundIdTaken(Exception):
    """The brand has another refund of that refund_id."""


@dataclass(frozen=True, kw_only=True)
class NewPayment:
    """Version 1 of a payment."""

    kind: str
    brand: str
    region: str
    player_id: str
    currency: str
    amount_minor: int
    method: str
    status: str
    trace_id: str
    requester: str
    details: dict[str, Any]
    order: dict[str, Any]
    intent_id: str | None = None
    refund_id: str | None = None


class Requests:
    """One database round trip per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def open(self, claim: Claim, payment: NewPayment) -> Claimed:
        """Claim the key and, if it is new, write the payment in the same transaction.

        Answer the key only when the run exists: a sweep starts the runs of payments whose key
        was never answered. Raises KeyReused, RefundIdTaken.
        """
        row = await self._pool.fetchrow(
            "SELECT * FROM registry_open($1, $2, $3, $4, $5)",
            claim.brand,
            claim.key,
            claim.request_hash,
            claim.resource_id,
            asdict(payment),
        )
        return _claimed(row, claim)

    async def claim(self, claim: Claim) -> Claimed:
        """Claim the key for a command on `resource_id`. Raises KeyReused."""
        row = await self._pool.fetchrow(
            "SELECT * FROM registry_claim($1, $2, $3, $4)",
            claim.brand,
            claim.key,
            claim.request_hash,
            claim.resource_id,
        )
        return _claimed(row, claim)

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


def _claimed(row: asyncpg.Record | None, claim: Claim) -> Claimed:
    if row is None:
        raise LookupError("a claim gave no row")
    if row["refund_id_taken"]:
        raise RefundIdTaken
    if row["request_hash"] != claim.request_hash:
        raise KeyReused
    answered = row["answer_status"] is not None
    return Claimed(
        resource_id=row["resource_id"],
        first=row["first"],
        answer=Answer(row["answer_status"], row["answer_body"]) if answered else None,
    )
