"""What was asked of PSPs, written down before it leaves us: so that it is asked once.

Whoever comes with the same key again (a retry, a second worker, a run that was reset, a new run)
gets the answer that came, or has to look before it may ask. What excludes each other is decided by
the same statement. One database round trip before a call, one after it.
"""

from __future__ import annotations

from datetime import datetime

import asyncpg
import orjson

from activities.psp.terms import acts_on, acts_on_ref, movement_of, player_of, terms_of
from activities.psp.verdicts import LOOK_FIRST, said_instead
from workflows.domain.psp import (
    COMPLETE,
    Approved,
    Fenced,
    Instruction,
    NotSent,
    Operation,
    Outcome,
    Parked,
    SlowLane,
    Unknown,
    VoidInstruction,
)

_ASK = """
SELECT * FROM psp_ask_ordered($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
_ASK_QUICKLY = _ASK.replace("psp_ask_ordered", "psp_ask_quickly")
_ANSWER = "SELECT psp_answer($1, $2, $3)"
_NEVER_SENT = "SELECT psp_never_sent($1)"
_SINCE = "SELECT asked_at FROM psp_instructions WHERE key = $1"
_HELD = (Operation.AUTHORIZE, COMPLETE)


class Asked:
    """`quick`: in the quick lane, which the database closes for what has to go slowly.

    Raises asyncpg.PostgresError or OSError when the database cannot.
    """

    def __init__(self, pool: asyncpg.Pool, *, quick: bool = False) -> None:
        self._pool = pool
        self._quick = quick
        self._ask = _ASK_QUICKLY if quick else _ASK

    async def ask(self, operation: str, instruction: Instruction) -> Outcome | None:
        """None: it is written down, ask. Else what to say instead, and nothing is sent."""
        amount, account = instruction.amount, instruction.account
        row = await self._pool.fetchrow(
            self._ask,
            instruction.key,
            instruction.payment_id,
            operation,
            account.psp,
            account.id,
            amount.minor_units,
            amount.currency,
            acts_on(instruction),
            acts_on_ref(instruction),
            isinstance(instruction, VoidInstruction) and instruction.after_capture,
            instruction.looked,
            movement_of(instruction),
            player_of(instruction),
            instruction.order,
            terms_of(instruction),
        )
        if row is None:
            raise LookupError("a question that was to be written down gave no row")
        return said_instead(row)

    async def answered(self, operation: str, instruction: Instruction, outcome: Outcome) -> Outcome:
        """Write down what is certain of it; give what the run may believe.

        That money has moved the run writes down itself, with the wallet's command; in the quick
        lane it may be begun again before it has the answer, and finds it here.
        """
        match outcome:
            case NotSent() if instruction.looked:
                return Unknown(f"not sent again ({outcome.why}); the first may have been")
            case NotSent():
                if not await self._pool.fetchval(_NEVER_SENT, instruction.key):
                    return LOOK_FIRST
            case Unknown() | Fenced() | Parked() | SlowLane():
                pass
            case Approved() if not self._quick and operation not in _HELD:
                pass
            case reply:
                answer = orjson.loads(orjson.dumps(reply))
                await self._pool.execute(_ANSWER, instruction.key, reply.kind, answer)
        return outcome

    async def since(self, key: str) -> datetime | None:
        """When it was first asked, by whatever run; None: never."""
        since: datetime | None = await self._pool.fetchval(_SINCE, key)
        return since
