"""Speaks to Adyen: instructions to Checkout and Transfers, events and reports from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from activities.psp.contract import Acknowledgement, Delivery, Method, WebhookRequest
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Finding,
    Instruction,
    Lookup,
    NoStatus,
    Operation,
    PayoutInstruction,
    RefundInstruction,
    Reply,
    SellInstruction,
    VoidInstruction,
)
from workflows.domain.settlement import SettlementPage, SettlementQuery

from . import links, modifications, payments, payouts, transfers
from .connection import Connection
from .keys import LINK
from .methods import METHODS
from .settings import AdyenSettings
from .settlement import fetch
from .webhooks import Ear

KEYS_ARE_KEPT = timedelta(days=7)
"""At least so long after the first request, says docs.adyen.com/development-resources/
api-idempotency (it has also said 31 days; read on 2026-11-24)."""

MARGIN = timedelta(days=1)


class AdyenAdapter:
    """A connection for each of our accounts at Adyen. What each call sends, and what each answer
    means, is in MAPPING.md, Instructions and Answers."""

    def __init__(self, settings: AdyenSettings) -> None:
        self._settings = settings
        self._connections = {
            name: Connection.open(account) for name, account in settings.accounts.items()
        }
        self._ear = Ear(settings.accounts)

    @property
    def methods(self) -> Mapping[str, Method]:
        """By docs.adyen.com/payment-methods."""
        return METHODS

    async def authorize(self, instruction: AuthorizeInstruction) -> Reply:
        """With a token `POST /payments`; without one Pending with the address of Adyen's page, and
        `link_<id>`. Soft and hard are believed here: Adyen was asked."""
        connection = self._connection(instruction)
        if instruction.payment_token is None:
            return await links.authorize(connection, instruction)
        return await payments.authorize(connection, instruction, instruction.payment_token)

    async def sell(self, instruction: SellInstruction) -> Reply:
        """The same, captured without delay. No webhook tells of that capture unless it fails."""
        return await self.authorize(instruction)

    @property
    def parameters(self) -> Collection[str]:
        """Adyen's proof that the player was where it sent them."""
        return ("redirectResult",)

    async def complete(self, instruction: CompleteInstruction) -> Reply:
        """`POST /payments/details`, once for each `redirectResult`. A payment link is only read:
        Adyen completes it by itself."""
        connection, psp_ref = self._connection(instruction), instruction.psp_ref
        if psp_ref is not None and psp_ref.startswith(LINK):
            return await links.complete(connection, instruction, psp_ref)
        return await payments.complete(connection, instruction)

    async def capture(self, instruction: CaptureInstruction) -> Reply:
        """Pending: Adyen says that it received it, and CAPTURE or CAPTURE_FAILED tells."""
        return await modifications.capture(self._connection(instruction), instruction)

    async def void(self, instruction: VoidInstruction) -> Reply:
        """A hold is cancelled, a sale reversed, a payment link closed: MAPPING.md, Instructions."""
        return await modifications.void(self._connection(instruction), instruction)

    async def refund(self, instruction: RefundInstruction) -> Reply:
        """Of the payment, not of the capture. Pending, until REFUND or REFUND_FAILED tells."""
        return await modifications.refund(self._connection(instruction), instruction)

    async def payout(self, instruction: PayoutInstruction) -> Reply:
        """By Transfers, or by Payout v68 for integrations of before."""
        connection = self._connection(instruction)
        if connection.account.payouts_by == "payout":
            return await payouts.pay_out(connection, instruction)
        return await transfers.pay_out(connection, instruction)

    async def look_up(self, lookup: Lookup) -> Finding:
        """Adyen has a status of transfers alone. Of all else a question whose answer was lost is
        asked again under its key, as long as Adyen keeps that; a promised result is told by webhook
        alone."""
        remembered = _is_remembered(lookup.asked_at, datetime.now(UTC))
        account = self._settings.account(lookup.account.id)
        connection = self._connections[lookup.account.id]
        if lookup.operation is Operation.PAYOUT and account.payouts_by == "transfers":
            return await transfers.look_up(connection, lookup, safe_to_repeat=remembered)
        return NoStatus(safe_to_repeat=remembered)

    async def hear(self, request: WebhookRequest) -> Delivery:
        return self._ear.hear(request)

    @property
    def acknowledgement(self) -> Acknowledgement:
        """docs.adyen.com/development-resources/webhooks: anything else is sent again."""
        return Acknowledgement(b"[accepted]")

    async def settlement(self, query: SettlementQuery) -> SettlementPage:
        """The cursor is the name of a report, as REPORT_AVAILABLE tells it; without one the page is
        empty. Raises NeverSent or InDoubt."""
        account = self._settings.account(query.account.id)
        return await fetch(self._connections[query.account.id], account, query)

    async def aclose(self) -> None:
        for connection in self._connections.values():
            await connection.aclose()

    def _connection(self, instruction: Instruction) -> Connection:
        self._settings.account(instruction.account.id)
        return self._connections[instruction.account.id]


def _is_remembered(asked_at: str, now: datetime) -> bool:
    try:
        asked = datetime.fromisoformat(asked_at)
    except ValueError:
        return False
    if asked.tzinfo is None:
        return False
    # Two clocks may disagree by a little.
    return -timedelta(minutes=5) <= now - asked < KEYS_ARE_KEPT - MARGIN
