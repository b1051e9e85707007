"""Payments as their runs write them, with what the PSP is asked: real books, a PSP that obeys."""

from __future__ import annotations

from dataclasses import dataclass, replace

import asyncpg

from activities.psp.asked import Asked
from activities.psp.once import AskedOnce
from activities.registry.books import RegistryBooks
from activities.wallet.ledger import Ledger
from tests.activities.psp.opened import (
    AT,
    FIFTY,
    TERMS,
    authorize,
    capture,
    opened,
    payout,
    refund,
    void,
)
from tests.workflows.world import FakePsp
from workflows.domain.deposits import credit_key_of
from workflows.domain.identity import SALE
from workflows.domain.money import Money
from workflows.domain.payments import Attempt, Facts, Reversal
from workflows.domain.psp import Approved, RefundInstruction, SellInstruction, asked_under
from workflows.domain.records import Closing, Conclusion, Record, Recorded
from workflows.domain.wallet import CaptureHold, ClawBack, Credit, Hold, Player, Restore

DONE = "2031-01-01T10:00:00+00:00"
TAKEN = Approved("psp-1", FIFTY, captured=True)


@dataclass
class Flows:
    pool: asyncpg.Pool

    def __post_init__(self) -> None:
        self.psp = FakePsp()
        self.once = AskedOnce(Asked(self.pool), self.psp)
        self.ledger = Ledger(self.pool)

    async def ask_sale(self, payment_id: str, number: int = 1) -> None:
        made = asked_under(f"{payment_id}:{SALE}:{number}", AT, authorize(payment_id))
        assert isinstance(made, SellInstruction)
        await self.once.sell(made)

    async def give_back(
        self, payment_id: str, psp_ref: str | None = "psp-1", step: str = "1"
    ) -> None:
        """The sale, by a void; its run then knows that it was done."""
        asked = replace(
            void(payment_id, psp_ref),
            key=f"{payment_id}:void:{step}",
            authorize_key=f"{payment_id}:{SALE}:1",
            sale=True,
        )
        outcome = await self.once.void(asked)
        assert isinstance(outcome, Approved)
        await self.conclude(payment_id, Attempt(asked.key, AT, "approved", psp_ref=outcome.psp_ref))

    async def conclude(self, payment_id: str, *attempts: Attempt) -> None:
        await RegistryBooks(self.pool).conclude(
            Conclusion(payment_id=payment_id, attempts=attempts)
        )

    async def deposit(self, *, sold: bool = False, player: Player | None = None) -> str:
        payment_id = await opened(self.pool, player=player)
        if sold:
            self.psp.will_answer(SALE, TAKEN)
            await self.ask_sale(payment_id)
        else:
            who = player.id if player else f"player-{payment_id}"
            await self.once.authorize(replace(authorize(payment_id), player_id=who))
            await self.once.capture(capture(payment_id))
        await self.credit(payment_id, player)
        return payment_id

    async def credit(
        self, payment_id: str, player: Player | None = None, *, amends: bool = False
    ) -> None:
        known = await RegistryBooks(self.pool).recall(payment_id)
        command = Credit(
            key=credit_key_of(payment_id),
            player=known.player,
            amount=FIFTY,
            source=AT,
            payment_id=payment_id,
        )
        facts = Facts(account=AT, captured=FIFTY, capture_ref="psp-2", psp_ref="psp-1")
        await self.close(payment_id, "CAPTURED", command, facts, amends=amends)

    async def payout(self, prefix: str = "po_", player: Player | None = None) -> str:
        """Paid, or refunded, at the PSP, of money that the player won."""
        payment_id = await opened(self.pool, prefix, player)
        known = await RegistryBooks(self.pool).recall(payment_id)
        gift = Credit(
            key=f"{payment_id}:gift",
            player=known.player,
            amount=FIFTY,
            source=AT,
            payment_id=payment_id,
        )
        await self.ledger.credit(gift)
        await self.ledger.hold(
            Hold(
                key=f"{payment_id}:hold",
                player=known.player,
                amount=FIFTY,
                payment_id=payment_id,
                order=TERMS,
            )
        )
        asked = payout(payment_id) if prefix == "po_" else refund(payment_id)
        if isinstance(asked, RefundInstruction):
            await self.once.refund(asked)
        else:
            await self.once.payout(asked)
        command = CaptureHold(
            key=f"{payment_id}:settle", hold_key=f"{payment_id}:hold", destination=AT
        )
        done = Attempt(asked.key, AT, "approved", psp_ref="psp-9")
        facts = Facts(account=AT, psp_ref="psp-9", attempts=(done,))
        status = "PAYOUT_SETTLED" if prefix == "po_" else "REFUND_PROCESSED"
        await self.close(payment_id, status, command, facts)
        return payment_id

    async def comes_back(self, payment_id: str, times: int = 1) -> None:
        known = await RegistryBooks(self.pool).recall(payment_id)
        command = Credit(
            key=f"{payment_id}:return" + (f":{times}" if times > 1 else ""),
            player=known.player,
            amount=FIFTY,
            source=AT,
            payment_id=payment_id,
        )
        facts = replace(known.facts, returns=(*known.facts.returns, DONE))
        await self.close(payment_id, "PAYOUT_RETURNED", command, facts, amends=True)

    async def was_paid_after_all(self, payment_id: str, times: int = 1) -> None:
        known = await RegistryBooks(self.pool).recall(payment_id)
        command = ClawBack(
            key=f"{payment_id}:claw-back" + (f":{times}" if times > 1 else ""),
            player=known.player,
            amount=FIFTY,
            source=AT,
            payment_id=payment_id,
        )
        await self.close(payment_id, "PAYOUT_SETTLED", command, known.facts, amends=True)

    async def is_reversed(
        self, payment_id: str, operation: str, name: str, minor: int = 5000
    ) -> None:
        """By somebody at the PSP; `name` is the PSP's own."""
        known = await RegistryBooks(self.pool).recall(payment_id)
        moved = Reversal(operation, name, Money(minor, "EUR"), DONE)
        kind = ClawBack if operation in ("refund", "chargeback") else Restore
        command = kind(
            key=f"{payment_id}:{operation}:{name}",
            player=known.player,
            amount=moved.amount,
            source=AT,
            payment_id=payment_id,
        )
        facts = replace(known.facts, reversals=(*known.facts.reversals, moved))
        await self.close(payment_id, "REVERSED", command, facts, amends=True)

    async def is_remembered(self, payment_id: str, operation: str, name: str) -> None:
        """What undoes a thing that nobody has told of."""
        known = await RegistryBooks(self.pool).recall(payment_id)
        undone = Reversal(operation, name, FIFTY, DONE)
        facts = replace(known.facts, reversals=(*known.facts.reversals, undone))
        record = _record(payment_id, known.version + 1, "CAPTURED", facts, amends=True)
        await RegistryBooks(self.pool).record(record)

    async def close(
        self,
        payment_id: str,
        status: str,
        command: Credit | CaptureHold | ClawBack | Restore,
        facts: Facts,
        *,
        amends: bool = False,
    ) -> None:
        known = await RegistryBooks(self.pool).recall(payment_id)
        record = _record(payment_id, known.version + 1, status, facts, amends=amends)
        done = await self.ledger.close(Closing(command=command, record=record))
        assert done == Recorded(known.version + 1)


def _record(payment_id: str, version: int, status: str, facts: Facts, *, amends: bool) -> Record:
    return Record(
        payment_id=payment_id,
        version=version,
        status=status,
        final=True,
        facts=facts,
        at=DONE,
        amends=amends,
    )
