"""Speaks to PayPal: a client per merchant account, a question per instruction."""

from __future__ import annotations

from collections.abc import Collection

from activities.psp.contract import Delivery, WebhookRequest
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Finding,
    Lookup,
    MerchantAccount,
    PayoutInstruction,
    RefundInstruction,
    Reply,
    VoidInstruction,
)
from workflows.domain.settlement import SettlementPage, SettlementQuery

from . import lookups, orders, payments, payouts, settlement
from .certificates import Fetch
from .client import Client
from .settings import PaypalSettings
from .webhooks import Ear


class PaypalAdapter:
    def __init__(self, settings: PaypalSettings, fetch: Fetch | None = None) -> None:
        """`fetch` takes the place of fetching PayPal's certificates from PayPal."""
        self._settings = settings
        self._clients = {name: Client(account) for name, account in settings.accounts.items()}
        self._ear = Ear(self._clients, fetch)

    async def authorize(self, instruction: AuthorizeInstruction) -> Reply:
        return await orders.authorize(self._client(instruction.account), instruction)

    @property
    def parameters(self) -> Collection[str]:
        """None: the order's id is known, and says all."""
        return ()

    async def complete(self, instruction: CompleteInstruction) -> Reply:
        return await orders.complete(self._client(instruction.account), instruction)

    async def capture(self, instruction: CaptureInstruction) -> Reply:
        return await payments.capture(self._client(instruction.account), instruction)

    async def void(self, instruction: VoidInstruction) -> Reply:
        return await payments.void(self._client(instruction.account), instruction)

    async def refund(self, instruction: RefundInstruction) -> Reply:
        return await payments.refund(self._client(instruction.account), instruction)

    async def payout(self, instruction: PayoutInstruction) -> Reply:
        return await payouts.payout(self._client(instruction.account), instruction)

    async def look_up(self, lookup: Lookup) -> Finding:
        return await lookups.look_up(self._client(lookup.account), lookup)

    async def hear(self, request: WebhookRequest) -> Delivery:
        return await self._ear.hear(request)

    async def settlement(self, query: SettlementQuery) -> SettlementPage:
        return await settlement.page(self._client(query.account), query)

    async def aclose(self) -> None:
        await self._ear.aclose()
        for client in self._clients.values():
            await client.aclose()

    def _client(self, account: MerchantAccount) -> Client:
        """Raises NeverSent."""
        self._settings.account(account.id)
        return self._clients[account.id]
