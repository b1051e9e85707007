"""Answers the Registry port: each record is one version of one payment, written once."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import orjson
from pydantic import TypeAdapter

from workflows.domain.money import Money
from workflows.domain.payments import Facts, Kind, Recalled, Record
from workflows.domain.wallet import Player
from workflows.ports import Registry

_RECALL = """
SELECT kind, brand, player_id, amount_minor, currency, status, version, final, facts, trace_id
FROM payments WHERE id = $1
"""
_FACTS = TypeAdapter(Facts)


class OutOfOrder(Exception):
    """A version came before its predecessor: a bug, retried until it is mended."""


class RegistryBooks(Registry):
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def record(self, record: Record) -> None:
        """One round trip. Repeating a version changes nothing. Raises OutOfOrder on a gap."""
        done = await self._pool.fetchval(
            "SELECT registry_record($1, $2, $3, $4, $5, $6, $7)",
            record.payment_id,
            record.version,
            record.status,
            record.final,
            orjson.loads(orjson.dumps(record.facts)),
            record.facts.capture_id,
            datetime.fromisoformat(record.at),
        )
        if not done:
            raise OutOfOrder(f"{record.payment_id} is not at version {record.version - 1}")

    async def recall(self, payment_id: str) -> Recalled:
        """One round trip. Raises LookupError for a payment that was never opened."""
        row = await self._pool.fetchrow(_RECALL, payment_id)
        if row is None:
            raise LookupError(f"there is no payment {payment_id}")
        return Recalled(
            payment_id=payment_id,
            kind=Kind(row["kind"]),
            player=Player(row["brand"], row["player_id"]),
            amount=Money(row["amount_minor"], row["currency"]),
            status=row["status"],
            version=row["version"],
            final=row["final"],
            facts=_FACTS.validate_python(row["facts"]),
            trace_id=row["trace_id"],
        )
