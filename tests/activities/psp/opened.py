"""Payments as somebody opened them, with their money held, for tests of what is asked of PSPs."""

from __future__ import annotations

import uuid

import asyncpg

from activities.registry.books import RegistryBooks
from activities.registry.claims import Claim
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from activities.wallet.ledger import Ledger
from workflows.domain.money import Money
from workflows.domain.payments import Facts
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    MerchantAccount,
    PayoutInstruction,
    RefundInstruction,
    VoidInstruction,
)
from workflows.domain.records import Record
from workflows.domain.seals import digest_of
from workflows.domain.wallet import Credit, Hold, Player

AT = MerchantAccount("tale", "first")
FIFTY = Money(5000, "EUR")
ORDER = {
    "method": "card",
    "return_url": "https://casino.example/back",
    "destination": "dst_ok",
    "capture_ref": "psp-2",
    "account": {"psp": AT.psp, "id": AT.id},
}
"""With what each of them was opened, as far as their instructions say it again."""
TERMS = digest_of(ORDER)
_KINDS = {"in_": "deposit", "po_": "payout", "re_": "refund"}


async def opened(pool: asyncpg.Pool, prefix: str = "in_", player: Player | None = None) -> str:
    """A payment of 50.00 EUR at version 1."""
    payment_id = prefix + uuid.uuid4().hex
    player = player or Player("acme", f"player-{payment_id}")
    await Requests(pool).open(
        Claim(brand="acme", key=payment_id, request_hash="", resource_id=payment_id),
        NewPayment(
            kind=_KINDS[prefix],
            brand=player.brand,
            region="MT",
            player_id=player.id,
            currency="EUR",
            amount_minor=5000,
            method="card",
            status="NEW",
            trace_id="trace-1",
            requester="tests",
            # As the API writes them: whoever lists payments shows these too.
            details={
                "capture_method": "automatic",
                "return_url": "https://casino.example/back",
                "destination": "dst_ok",
                "capture_id": "cap_1",
            },
            order=ORDER,
        ),
    )
    return payment_id


async def held(pool: asyncpg.Pool, prefix: str = "po_") -> str:
    """A payout or refund whose 50.00 EUR are set aside."""
    payment_id = await opened(pool, prefix)
    player, ledger = Player("acme", f"player-{payment_id}"), Ledger(pool)
    await ledger.credit(
        Credit(
            key=f"{payment_id}:gift",
            player=player,
            amount=FIFTY,
            source=AT,
            payment_id=payment_id,
        )
    )
    await ledger.hold(
        Hold(
            key=f"{payment_id}:hold",
            player=player,
            amount=FIFTY,
            payment_id=payment_id,
            order=TERMS,
        )
    )
    return payment_id


async def ended(pool: asyncpg.Pool, payment_id: str, status: str = "CANCELLED") -> None:
    await RegistryBooks(pool).record(
        Record(
            payment_id=payment_id,
            version=2,
            status=status,
            final=True,
            facts=Facts(),
            at="2031-01-01T00:00:00+00:00",
        )
    )


def authorize(
    payment_id: str, number: int = 1, account: MerchantAccount = AT
) -> AuthorizeInstruction:
    return AuthorizeInstruction(
        key=f"{payment_id}:authorize:{number}",
        account=account,
        amount=FIFTY,
        trace_id="trace-1",
        method="card",
        payment_token="tok_ok",
        player_id=f"player-{payment_id}",
        return_url="https://casino.example/back",
        order=TERMS,
    )


def capture(payment_id: str, psp_ref: str = "psp-1") -> CaptureInstruction:
    return CaptureInstruction(
        key=f"{payment_id}:capture",
        account=AT,
        amount=FIFTY,
        trace_id="trace-1",
        psp_ref=psp_ref,
        authorize_key=f"{payment_id}:authorize:1",
        order=TERMS,
    )


def void(
    payment_id: str, psp_ref: str | None = "psp-1", *, rest: bool = False, number: int = 1
) -> VoidInstruction:
    return VoidInstruction(
        key=f"{payment_id}:void:{number}",
        account=AT,
        amount=FIFTY,
        trace_id="trace-1",
        authorize_key=f"{payment_id}:authorize:{number}",
        psp_ref=psp_ref,
        after_capture=rest,
    )


def payout(payment_id: str, number: int = 1, account: MerchantAccount = AT) -> PayoutInstruction:
    return PayoutInstruction(
        key=f"{payment_id}:payout:{number}",
        account=account,
        amount=FIFTY,
        trace_id="trace-1",
        method="card",
        destination="dst_ok",
        player_id=f"player-{payment_id}",
        order=TERMS,
    )


def refund(payment_id: str) -> RefundInstruction:
    return RefundInstruction(
        key=f"{payment_id}:refund",
        account=AT,
        amount=FIFTY,
        trace_id="trace-1",
        psp_ref="psp-2",
        authorization_ref="psp-1",
        order=TERMS,
    )
