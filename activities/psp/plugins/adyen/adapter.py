"""Speaks to Adyen: instructions to Checkout and to Payout, events and reports from it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from activities.psp.contract import Acknowledgement, Delivery, WebhookRequest
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Finding,
    Instruction,
    Lookup,
    NoStatus,
    PayoutInstruction,
    RefundInstruction,
    Reply,
    VoidInstruction,
)
from workflows.domain.settlement import SettlementPage, SettlementQuery

from . import links, modifications, payments, payouts
from .desk import Desk
from .keys import LINK
from .settings import AdyenSettings
from .settlement import fetch
from .webhooks import Ear

KEYS_ARE_KEPT = timedelta(days=7)
"""At least so long after the first request, says docs.adyen.com/development-resources/
api-idempotency (it has also said 31 days; read on 2026-11-24)."""

MARGIN = timedelta(days=1)


class AdyenAdapter:
    def __init__(self, settings: AdyenSettings) -> None:
        self._settings = settings
        self._desks = {name: Desk.open(account) for name, account in settings.accounts.items()}
        self._ear = Ear(settings.accounts)

    async def authorize(self, instruction: AuthorizeInstruction) -> Reply:
        desk = self._desk(instruction)
        if instruction.payment_token is None:
            return await links.authorize(desk, instruction)
        return await payments.authorize(desk, instruction, instruction.payment_token)

    @property
    def parameters(self) -> Collection[str]:
        return ("redirectResult",)

    async def complete(self, instruction: CompleteInstruction) -> Reply:
        desk, psp_ref = self._desk(instruction), instruction.psp_ref
        if psp_ref is not None and psp_ref.startswith(LINK):
            return await links.complete(desk, instruction, psp_ref)
        return await payments.complete(desk, instruction)

    async def capture(self, instruction: CaptureInstruction) -> Reply:
        return await modifications.capture(self._desk(instruction), instruction)

    async def void(self, instruction: VoidInstruction) -> Reply:
        return await modifications.void(self._desk(instruction), instruction)

    async def refund(self, instruction: RefundInstruction) -> Reply:
        return await modifications.refund(self._desk(instruction), instruction)

    async def payout(self, instruction: PayoutInstruction) -> Reply:
        return await payouts.pay_out(self._desk(instruction), instruction)

    async def look_up(self, lookup: Lookup) -> Finding:
        """Adyen has no status. A question whose answer was lost is asked again under its key, as
        long as Adyen keeps that; a promised result is told by webhook alone."""
        return NoStatus(safe_to_repeat=_is_remembered(lookup.asked_at, datetime.now(UTC)))

    async def hear(self, request: WebhookRequest) -> Delivery:
        return self._ear.hear(request)

    @property
    def acknowledgement(self) -> Acknowledgement:
        return Acknowledgement(b"[accepted]")

    async def settlement(self, query: SettlementQuery) -> SettlementPage:
        account = self._settings.account(query.account.id)
        return await fetch(self._desks[query.account.id], account, query)

    async def aclose(self) -> None:
        for desk in self._desks.values():
            await desk.aclose()

    def _desk(self, instruction: Instruction) -> Desk:
        self._settings.account(instruction.account.id)
        return self._desks[instruction.account.id]


def _is_remembered(asked_at: str, now: datetime) -> bool:
    try:
        asked = datetime.fromisoformat(asked_at)
    except ValueError:
        return False
    if asked.tzinfo is None:
        return False
    # Two clocks may disagree by a little.
    return -timedelta(minutes=5) <= now - asked < KEYS_ARE_KEPT - MARGIN
