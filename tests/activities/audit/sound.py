"""Sound books in small: deposits, refunds, payouts in every end, and what the PSP did for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from activities.registry.books import RegistryBooks
from activities.registry.claims import Answer, Claim
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from activities.wallet.ledger import Ledger
from workflows.domain.money import Money
from workflows.domain.payments import Facts, Reversal
from workflows.domain.psp import MerchantAccount
from workflows.domain.records import Closing, Record, Recorded
from workflows.domain.seals import digest_of
from workflows.domain.wallet import (
    CaptureHold,
    ClawBack,
    Credit,
    Hold,
    Player,
    Posted,
    Refused,
    Release,
    Restore,
)

PLAYER = Player("acme", "player-1")
AT = MerchantAccount("sandbox", "primary")
LONG_AGO = datetime.now(UTC) - timedelta(hours=2)
OTHER = Player("acme", "player-2")
INTENTS = {"re_a": "in_a", "re_b": "in_a", "re_s": "in_s"}
KINDS = {"in_": "deposit", "re_": "refund", "po_": "payout"}


def did(
    operation: str,
    reference: str,
    amount: int,
    *,
    currency: str = "EUR",
    account: str = "primary",
    outcome: str = "approved",
    at: datetime = LONG_AGO,
) -> dict[str, Any]:
    """An entry of the PSP's journal; it is numbered when it is put in."""
    return {
        "operation": operation,
        "reference": reference,
        "merchant_account": account,
        "amount": amount,
        "currency": currency,
        "outcome": outcome,
        "at": at.isoformat(),
    }


def journal_of_sound_books() -> list[dict[str, Any]]:
    return [
        did("authorization", "in_a:authorize:1", 5000),
        did("capture", "in_a:capture", 5000),
        did("authorization", "in_b:authorize:1", 3000),
        did("capture", "in_b:capture", 2000),
        did("void", "in_b:authorize:1:void", 1000),
        did("authorization", "in_c:authorize:1", 700, outcome="declined"),
        did("authorization", "in_j:authorize:1", 900, currency="JPY"),
        did("capture", "in_j:capture", 900, currency="JPY"),
        did("refund", "re_a:refund", 1500),
        did("payout", "po_a:payout:1", 1000),
        did("payout", "po_b:payout:1", 400, outcome="declined"),
        did("payout", "po_c:payout:1", 300, at=datetime.now(UTC)),
    ]


def numbered(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry | {"sequence": number} for number, entry in enumerate(entries, 1)]


@dataclass
class Bookkeeper:
    """Writes through our own books, as the API and the runs do."""

    pool: asyncpg.Pool

    async def opens(
        self,
        payment: str,
        minor: int,
        status: str,
        currency: str = "EUR",
        player: Player = PLAYER,
    ) -> None:
        claim = Claim(brand="acme", key=f"key-{payment}", request_hash="1", resource_id=payment)
        new = NewPayment(
            kind=KINDS[payment[:3]],
            brand="acme",
            region="eu",
            player_id=player.id,
            currency=currency,
            amount_minor=minor,
            method="card",
            status=status,
            trace_id="trace-1",
            requester="platform-1",
            details={"metadata": {"note": "first deposit"}},
            order={},
            intent_id=INTENTS.get(payment),
            refund_id=payment if payment.startswith("re_") else None,
        )
        requests = Requests(self.pool)
        await requests.open(claim, new)
        await requests.answer(claim, Answer(201, "{}"))

    async def ends(self, payment: str, status: str, captured: Money | None = None) -> None:
        record = Record(
            payment_id=payment,
            version=2,
            status=status,
            final=True,
            facts=Facts(captured=captured),
            at="2026-01-02T03:04:05+00:00",
        )
        await RegistryBooks(self.pool).record(record)

    async def amends(
        self,
        payment: str,
        status: str,
        kind: type[ClawBack | Restore | Credit],
        step: str,
        minor: int,
        **facts: Any,
    ) -> None:
        """What came after the end: an entry, and the version that tells of it."""
        known = await RegistryBooks(self.pool).recall(payment)
        command = kind(
            key=f"{payment}:{step}",
            player=known.player,
            amount=Money(minor, known.amount.currency),
            source=AT,
            payment_id=payment,
        )
        record = Record(
            payment_id=payment,
            version=known.version + 1,
            status=status,
            final=True,
            facts=replace(known.facts, **facts),
            at="2026-01-03T03:04:05+00:00",
            amends=True,
        )
        done = await Ledger(self.pool).close(Closing(command=command, record=record))
        assert isinstance(done, Recorded)

    async def moves(self, payment: str, status: str, operation: str, name: str, minor: int) -> None:
        """Captured money left at the PSP without us, or came back."""
        known = await RegistryBooks(self.pool).recall(payment)
        amount = Money(minor, known.amount.currency)
        moved = Reversal(operation, name, amount, "2026-01-03T03:04:05Z")
        kind = ClawBack if operation in ("refund", "chargeback") else Restore
        step = f"{operation}:{name}"
        reversals = (*known.facts.reversals, moved)
        await self.amends(payment, status, kind, step, minor, reversals=reversals)

    async def credits(self, payment: str, amount: Money, player: Player = PLAYER) -> None:
        done = await Ledger(self.pool).credit(
            Credit(
                key=f"{payment}:credit",
                player=player,
                amount=amount,
                source=AT,
                payment_id=payment,
            )
        )
        assert isinstance(done, Posted)

    async def holds(self, payment: str, minor: int, against: str | None = None) -> bool:
        known = await RegistryBooks(self.pool).recall(payment)
        hold = Hold(
            key=f"{payment}:hold",
            player=known.player,
            amount=Money(minor, known.amount.currency),
            payment_id=payment,
            against=against,
            order=digest_of({}),
        )
        return not isinstance(await Ledger(self.pool).hold(hold), Refused)

    async def leaves(self, payment: str) -> None:
        key, hold = f"{payment}:settle", f"{payment}:hold"
        done = await Ledger(self.pool).capture_hold(
            CaptureHold(key=key, hold_key=hold, destination=AT)
        )
        assert isinstance(done, Posted)

    async def gives_back(self, payment: str) -> None:
        await Ledger(self.pool).release(
            Release(key=f"{payment}:release", hold_key=f"{payment}:hold")
        )


async def keep_sound_books(pool: asyncpg.Pool) -> None:
    keeper = Bookkeeper(pool)
    for payment, asked, captured, currency in (
        ("in_a", 5000, 5000, "EUR"),
        ("in_b", 3000, 2000, "EUR"),
        ("in_j", 900, 900, "JPY"),
    ):
        await keeper.opens(payment, asked, "INITIATED", currency)
        await keeper.credits(payment, Money(captured, currency))
        await keeper.ends(payment, "CAPTURED", Money(captured, currency))
    await keeper.opens("in_c", 700, "INITIATED")
    await keeper.ends("in_c", "FAILED")
    await keeper.opens("in_o", 100, "INITIATED")
    await _refunds(keeper)
    await _payouts(keeper)
    await pool.execute(
        "INSERT INTO inbox_events (psp, event_id, payment_id, event, delivered_at, parked) VALUES "
        "('sandbox', 'evt_1', 'in_a', '{}', now(), NULL), "
        "('sandbox', 'evt_2', 'in_c', '{}', NULL, 'run_closed'), "
        "('sandbox', 'evt_3', 'in_o', '{}', NULL, NULL)"
    )
    await pool.execute("UPDATE outgoing_events SET state = 'kept' WHERE payment_id <> 'in_a'")
    await pool.execute(
        "UPDATE outgoing_events SET next_at = now() + interval '1 h' WHERE payment_id = 'in_a'"
    )


async def _refunds(keeper: Bookkeeper) -> None:
    await keeper.opens("re_a", 1500, "REFUND_SUBMITTED")
    assert await keeper.holds("re_a", 1500, against="in_a:credit")
    await keeper.leaves("re_a")
    await keeper.ends("re_a", "REFUND_PROCESSED")
    await keeper.opens("re_b", 4000, "REFUND_SUBMITTED")
    assert not await keeper.holds("re_b", 4000, against="in_a:credit")
    await keeper.ends("re_b", "REFUND_REFUSED")


async def _payouts(keeper: Bookkeeper) -> None:
    for payment, minor in (("po_a", 1000), ("po_b", 400), ("po_c", 300)):
        await keeper.opens(payment, minor, "PAYOUT_SUBMITTED")
        assert await keeper.holds(payment, minor)
    await keeper.leaves("po_a")
    await keeper.ends("po_a", "PAYOUT_SETTLED")
    await keeper.gives_back("po_b")
    await keeper.ends("po_b", "PAYOUT_FAILED")
