"""Answers the Wallet port: each command is one SQL function, one database round trip."""

from __future__ import annotations

import hashlib
from typing import Any

import asyncpg
import orjson

from workflows.domain.psp import MerchantAccount
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
_HOLD = "SELECT * FROM wallet_hold($1, $2, $3, $4, $5, $6, $7, $8)"
_CAPTURE_HOLD = "SELECT * FROM wallet_capture_hold($1, $2, $3, $4)"
_RELEASE = "SELECT * FROM wallet_release($1, $2, $3)"


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
        )

    async def capture_hold(self, command: CaptureHold) -> WalletResult:
        destination = clearing_account(command.destination)
        return await self._post(_CAPTURE_HOLD, command, command.hold_key, destination)

    async def release(self, command: Release) -> WalletResult:
        return await self._post(_RELEASE, command, command.hold_key)

    async def _post(
        self, function: str, command: Credit | Debit | Hold | CaptureHold | Release, *values: Any
    ) -> WalletResult:
        row = await self._pool.fetchrow(function, command.key, _hash(command), *values)
        if row is None:
            raise LookupError("a wallet command gave no row")
        if row["refused"] is not None:
            return Refused(RefusalReason(row["refused"]))
        return Posted(transfer_id=row["transfer_id"], replayed=row["replayed"])


def clearing_account(at: MerchantAccount) -> str:
    """The account of what a PSP has of ours."""
    return f"psp:{at.psp}:{at.id}"


def _hash(command: object) -> str:
    name = type(command).__name__.encode()
    return hashlib.sha256(name + orjson.dumps(command)).hexdigest()
