"""The page where the payer approves an order, by the way of paying that is chosen there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from infra.local.psps.base import pages
from infra.local.psps.paypal.funding import FIELD, FUNDING
from infra.local.psps.paypal.models import Order, new_id
from infra.local.psps.paypal.store import Store


class ApprovalPage:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def show(self, request: Request) -> Response:
        order = self._find(request)
        if order is None:
            return pages.notice("No such payment", "The address is not complete.", 404)
        if not order.waits_for_payer:
            return pages.notice("Answered", "You have answered this already.")
        return pages.question(
            "Pay with this?", order.amount, order.currency, field=FIELD, choices=FUNDING
        )

    async def answer(self, request: Request) -> Response:
        """The order stays as it is unless it is approved: the payer may come back."""
        action = await pages.chosen(request)
        funding = await pages.chosen(request, FIELD, FUNDING)
        order = self._find(request)
        if action is None or order is None:
            return pages.notice("Nothing happened", "Press one of the buttons.", 400)
        if action == "approve":
            self._approve(order, funding)
            return _back(order.return_url, token=order.id, PayerID=order.payer_id)
        return _back(order.cancel_url or order.return_url, token=order.id)

    def _approve(self, order: Order, funding: str | None) -> None:
        if not order.waits_for_payer:
            return
        order.status, order.declined = "APPROVED", False
        order.funding = FUNDING[funding or next(iter(FUNDING))]
        order.payer_id = order.payer_id or new_id(13)
        self._store.tell_order("CHECKOUT.ORDER.APPROVED", order)

    def _find(self, request: Request) -> Order | None:
        return self._store.orders.get(request.query_params.get("token", ""))


def _back(url: str, **parameters: str) -> Response:
    if not url:
        return pages.notice("Done", "You can close this window.")
    return pages.back_to(url, **{name: value for name, value in parameters.items() if value})
