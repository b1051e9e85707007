"""Answers the Wallet port: each command is one SQL function, one database round trip."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg
import orjson

from activities.wallet.commands import as_closing, clearing_account, hash_of
from workflows.domain.records import Closing, Recorded, content_hash
from workflows.domain.wallet import (
    CaptureHold,
    Credit,
    Debit,
    Hold,
    Posted,
    RefusalReason,
    Refused,
    Release,
    WalletResult,
)
from workflows.ports import Wallet

_CREDIT = "SELECT * FROM wallet_credit($1, $2, $3, $4, $5, $6, $7, $8)"
_DEBIT = "SELECT * FROM wallet_debit($1, $2, $3, $4, $5, $6, $7, $8)"
_HOLD = "SELECT * FROM payment_hold_ordered($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_CAPTURE_HOLD = "SELECT * FROM wallet_capture_hold($1, $2, $3, $4)"
_RELEASE = "SELECT * FROM payment_release($1, $2, $3, $4)"
_CLOSE = "SELECT * FROM payment_close($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"


class Ledger(Wallet):
    """A refusal is a value. Raises asyncpg.PostgresError or OSError when the database cannot."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def credit(self, command: Credit) -> WalletResult:
        player, amount = command.player, command.amount
        return await self._post(
            _CREDIT,
            command,
            player.brand,
            player.id,
            clearing_account(command.source),
            amount.minor_units,
            amount.currency,
            command.payment_id,
        )

    async def debit(self, command: Debit) -> WalletResult:
        player, amount = command.player, command.amount
        return await self._post(
            _DEBIT,
            command,
            player.brand,
            player.id,
            clearing_account(command.destination),
            amount.minor_units,
            amount.currency,
            command.payment_id,
        )

    async def hold(self, command: Hold) -> WalletResult:
        player, amount = command.player, command.amount
        return await self._post(
            _HOLD,
            command,
            player.brand,
            player.id,
            amount.minor_units,
            amount.currency,
            command.payment_id,
            command.against,
            command.order,
        )

    async def capture_hold(self, command: CaptureHold) -> WalletResult:
        destination = clearing_account(command.destination)
        return await self._post(_CAPTURE_HOLD, command, command.hold_key, destination)

    async def release(self, command: Release) -> WalletResult:
        return await self._post(_RELEASE, command, command.hold_key, command.if_held)

    async def close(self, closing: Closing) -> Recorded | Refused:
        """One round trip: the command and the version that tells of it, or neither."""
        record = closing.record
        row = await self._pool.fetchrow(
            _CLOSE,
            as_closing(closing.command),
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
        if row is None:
            raise LookupError("a closing gave no row")
        if row["refused"] is not None:
            return Refused(RefusalReason(row["refused"]))
        return Recorded(row["version"], bool(row["superseded"]))

    async def _post(
        self, function: str, command: Credit | Debit | Hold | CaptureHold | Release, *values: Any
    ) -> WalletResult:
        row = await self._pool.fetchrow(function, command.key, hash_of(command), *values)
        if row is None:
            raise LookupError("a wallet command gave no row")
        if row["refused"] is not None:
            return Refused(RefusalReason(row["refused"]))
        return Posted(transfer_id=row["transfer_id"], replayed=row["replayed"])
