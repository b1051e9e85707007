"""Answers the Sealing port: whether a message is genuine, and what becomes of one that is not."""

from __future__ import annotations

import asyncpg
import structlog
from temporalio.exceptions import ApplicationError

from activities.seals.keys import SealKeys
from workflows.domain.seals import FACT, Checked, Presented, Seal, Vouched
from workflows.ports import Sealing

_IS_HEARD = "SELECT seal_is_heard($1, $2, $3, $4)"
_IS_TOLD = "SELECT seal_is_told($1, $2)"
_PUT_ASIDE = "SELECT seal_put_aside($1, $2, $3)"
_LONGEST = 40

log = structlog.get_logger("paysaga.security")


class SealBooks(Sealing):
    def __init__(self, pool: asyncpg.Pool, keys: SealKeys) -> None:
        self._pool = pool
        self._keys = keys

    async def check(self, presented: Presented) -> Checked:
        """No round trip for a command, one for a fact: its row is looked at. One for what is not
        genuine, which is counted: one case for each payment, one security event a minute."""
        why = await self._objection(presented)
        if not why:
            return Checked(True)
        message = presented.message[:_LONGEST]
        log.warning("message_not_sealed", subject=presented.subject, message=message, rule=why)
        await self._pool.execute(_PUT_ASIDE, presented.subject, message, why)
        return Checked(False, why)

    async def vouch(self, vouched: Vouched) -> Seal:
        """One round trip. Raises ApplicationError when no such word was given about that case."""
        if not await self._pool.fetchval(_IS_TOLD, vouched.case_id, vouched.payment_id):
            raise ApplicationError(
                f"nobody has told this about {vouched.case_id}",
                type="UnknownCase",
                non_retryable=True,
            )
        return self._keys.seal_of_text(vouched.payment_id, FACT, vouched.content, by=vouched.by)

    async def _objection(self, presented: Presented) -> str:
        seal = presented.seal
        if seal is None:
            return "no_seal"
        if not self._keys.is_genuine(presented):
            return "wrong_seal"
        if presented.message != FACT:
            return ""
        heard = await self._pool.fetchval(
            _IS_HEARD, seal.row, presented.psp, presented.event_id, presented.subject
        )
        return "" if heard else "not_in_inbox"
