"""Answers the Registry port: each record is one version of one payment, written once."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import orjson
from pydantic import TypeAdapter
from temporalio.exceptions import ApplicationError

from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.payments import Facts
from workflows.domain.records import (
    AskedBefore,
    Conclusion,
    Recalled,
    Record,
    Recorded,
    content_hash,
)
from workflows.domain.reopened import Reopened
from workflows.domain.wallet import Player
from workflows.ports import Registry
from workflows.steps.wallet_hold import UNKNOWN_PAYMENT

_RECALL = """
SELECT kind, brand, player_id, amount_minor, currency, status, version, final, facts, trace_id,
    (SELECT jsonb_agg(jsonb_build_object(
        'key', i.key, 'operation', i.operation, 'state', i.state,
        'account', jsonb_build_object('psp', i.psp, 'id', i.account),
        'amount', jsonb_build_object('minor_units', i.amount_minor, 'currency', i.currency)
     ) ORDER BY i.asked_at, i.key) FROM psp_instructions i WHERE i.payment_id = p.id) AS asked,
    (SELECT array_agg(i.psp_ref) FROM payments r JOIN psp_instructions i ON i.payment_id = r.id
     WHERE r.intent_id = p.id AND i.psp_ref IS NOT NULL) AS refunds
FROM payments p WHERE id = $1
"""
_REOPEN = """
SELECT kind, run_order FROM payments WHERE id = $1
"""
_FACTS = TypeAdapter(Facts)
_ASKED: TypeAdapter[tuple[AskedBefore, ...]] = TypeAdapter(tuple[AskedBefore, ...])
_REOPENED = TypeAdapter(Reopened)


class OutOfOrder(Exception):
    """A version came before its predecessor: a bug, retried until it is mended."""


def never_opened(payment_id: str) -> ApplicationError:
    """It will not be: whoever asks again gets no other answer."""
    return ApplicationError(f"nobody opened {payment_id}", type=UNKNOWN_PAYMENT, non_retryable=True)


class RegistryBooks(Registry):
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def record(self, record: Record) -> Recorded:
        """One round trip. Repeating a version changes nothing. Raises OutOfOrder on a gap, and
        ApplicationError for a payment that was never opened."""
        row = await self._pool.fetchrow(
            "SELECT * FROM registry_record($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            record.payment_id,
            record.version,
            record.status,
            record.final,
            orjson.loads(orjson.dumps(record.facts)),
            record.facts.capture_id,
            datetime.fromisoformat(record.at),
            content_hash(record),
            record.amends,
        )
        if row is None or row["superseded"] is None:
            raise never_opened(record.payment_id)
        recorded = Recorded(row["version"], row["superseded"], row["unfinished"])
        explained = record.amends or recorded.superseded or recorded.unfinished
        if recorded.version is None and not explained:
            raise OutOfOrder(f"{record.payment_id} is not at version {record.version - 1}")
        return recorded

    async def conclude(self, conclusion: Conclusion) -> None:
        """One round trip."""
        attempts = orjson.loads(orjson.dumps(conclusion.attempts))
        await self._pool.execute("SELECT psp_conclude($1, $2)", conclusion.payment_id, attempts)

    async def reopen(self, payment_id: str) -> Reopened:
        """One round trip. Raises ApplicationError for a payment that was never opened."""
        row = await self._pool.fetchrow(_REOPEN, payment_id)
        if row is None:
            raise never_opened(payment_id)
        return _REOPENED.validate_python({row["kind"]: row["run_order"]})

    async def expire(self, at_most: int) -> int:
        """One round trip, one transaction."""
        expired: int = await self._pool.fetchval(
            "SELECT registry_expire($1, $2)", at_most, orjson.loads(orjson.dumps(Facts()))
        )
        return expired

    async def recall(self, payment_id: str) -> Recalled:
        """One round trip. Raises ApplicationError for a payment that was never opened."""
        row = await self._pool.fetchrow(_RECALL, payment_id)
        if row is None:
            raise never_opened(payment_id)
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
            asked=_ASKED.validate_python(row["asked"] or ()),
            refunds=tuple(row["refunds"] or ()),
        )
