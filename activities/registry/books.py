"""Answers the Registry port: each record is one version of one payment, written once."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import orjson

from workflows.domain.payments import Record
from workflows.ports import Registry


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
