"""Speaks to PayPal: a client per merchant account, a question per instruction."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from activities.psp.contract import Delivery, Method, WebhookRequest
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
    SellInstruction,
    VoidInstruction,
)
from workflows.domain.settlement import SettlementPage, SettlementQuery

from . import lookups, orders, payments, payouts, settlement
from .client import Client
from .confirming import Confirm
from .methods import METHODS
from .settings import PaypalSettings
from .webhooks import Ear
from .x509 import Fetch


class PaypalAdapter:
    """A client for each of our accounts at PayPal. What each call sends, and what each answer
    means, is in MAPPING.md, Instructions and Answers."""

    def __init__(
        self,
        settings: PaypalSettings,
        fetch: Fetch | None = None,
        confirm: Confirm | None = None,
    ) -> None:
        """`fetch` takes the place of fetching certificates from PayPal and its authority, `confirm`
        of asking PayPal for the event of a webhook."""
        self._settings = settings
        self._clients = {name: Client(account) for name, account in settings.accounts.items()}
        self._ear = Ear(self._clients, fetch, confirm)

    @property
    def methods(self) -> Mapping[str, Method]:
        """By PayPal's lists of currencies of its REST APIs and of Payouts."""
        return METHODS

    @property
    def reuses_3ds(self) -> bool:
        """No: a wallet is not authenticated by 3-D Secure, and PayPal takes a proof of cards alone
        (Orders has no member for one that was given elsewhere)."""
        return False

    async def authorize(self, instruction: AuthorizeInstruction) -> Reply:
        """An order, and Pending with `order_<id>` and PayPal's page; held is the money only when it
        was completed."""
        return await orders.authorize(self._client(instruction.account), instruction)

    async def sell(self, instruction: SellInstruction) -> Reply:
        """An order of intent CAPTURE: taken is the money only when it was completed."""
        return await orders.authorize(self._client(instruction.account), instruction)

    @property
    def parameters(self) -> Collection[str]:
        """None: the order's id is known, and says all."""
        return ()

    async def complete(self, instruction: CompleteInstruction) -> Reply:
        """`POST /v2/checkout/orders/{id}/authorize`, of a sale `…/capture`: the hold, or the money,
        comes of it. Before the payer approved, Pending with the page again."""
        return await orders.complete(self._client(instruction.account), instruction)

    async def capture(self, instruction: CaptureInstruction) -> Reply:
        """The one capture of an authorization, final: PayPal releases the rest."""
        return await payments.capture(self._client(instruction.account), instruction)

    async def void(self, instruction: VoidInstruction) -> Reply:
        """By PayPal's id alone; NeverSent without one. What an order holds is looked at first.
        What a sale took is refunded."""
        return await payments.void(self._client(instruction.account), instruction)

    async def refund(self, instruction: RefundInstruction) -> Reply:
        """`POST /v2/payments/captures/{id}/refund`, with our key as its `invoice_id`."""
        return await payments.refund(self._client(instruction.account), instruction)

    async def payout(self, instruction: PayoutInstruction) -> Reply:
        """A batch of one item, to a payer id. Pending, until the item is paid."""
        return await payouts.payout(self._client(instruction.account), instruction)

    async def look_up(self, lookup: Lookup) -> Finding:
        """By PayPal's id, or through what it acts on; NoStatus where neither is known."""
        return await lookups.look_up(self._client(lookup.account), lookup)

    async def hear(self, request: WebhookRequest) -> Delivery:
        return await self._ear.hear(request)

    async def settlement(self, query: SettlementQuery) -> SettlementPage:
        """`GET /v1/reporting/transactions`, a day in UTC; the cursor is the page's number."""
        return await settlement.page(self._client(query.account), query)

    async def aclose(self) -> None:
        await self._ear.aclose()
        for client in self._clients.values():
            await client.aclose()

    def _client(self, account: MerchantAccount) -> Client:
        """Raises NeverSent."""
        self._settings.account(account.id)
        return self._clients[account.id]
