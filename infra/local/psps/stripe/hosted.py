"""The pages on which a player answers: 3-D Secure, and Checkout."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from infra.local.psps.base import pages
from infra.local.psps.stripe import amounts, confirming, sessions
from infra.local.psps.stripe.cards import ON_PAGE
from infra.local.psps.stripe.models import Intent, Session
from infra.local.psps.stripe.store import Store

_CHALLENGE = "/redirect/authenticate/{id}/{secret}"
_CHECKOUT = "/c/pay/{id}"
_DECLINED = "pm_card_chargeDeclined"


class HostedPages:
    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [
            Route(_CHALLENGE, self.show_challenge, methods=["GET"]),
            Route(_CHALLENGE, self.answer_challenge, methods=["POST"]),
            Route(_CHECKOUT, self.show_checkout, methods=["GET"]),
            Route(_CHECKOUT, self.answer_checkout, methods=["POST"]),
        ]

    async def show_challenge(self, request: Request) -> Response:
        intent = self._challenged(request)
        if intent is None:
            return pages.notice("No such payment", "The address is not complete.", 404)
        if intent.status != "requires_action":
            return pages.notice("Answered", "You have answered this already.")
        minor = amounts.iso_minor_units(intent.amount, intent.currency)
        return pages.question("Is this payment yours?", minor, intent.currency)

    async def answer_challenge(self, request: Request) -> Response:
        action = await pages.chosen(request)
        intent = self._challenged(request)
        if action is None or intent is None or intent.return_url is None:
            return pages.notice("Nothing happened", "Press one of the buttons.", 400)
        if intent.status == "requires_action":
            if action == "approve":
                confirming.authenticated(self._store, intent)
            else:
                confirming.not_authenticated(self._store, intent)
            sessions.settle(self._store, intent)
        page = self._store.page_of(intent)
        if page is not None:
            return self._onward(page)
        return pages.back_to(
            intent.return_url,
            payment_intent=intent.id,
            payment_intent_client_secret=f"{intent.id}_{intent.client_secret}",
            source_type="card",
        )

    async def show_checkout(self, request: Request) -> Response:
        session = self._store.sessions.get(request.path_params["id"])
        if session is None:
            return pages.notice("No such payment", "The address is not complete.", 404)
        if session.status != "open":
            return pages.notice("Over", f"This payment is {session.status}.")
        minor = amounts.iso_minor_units(session.amount, session.currency)
        choices = ON_PAGE if "card" in session.method_types else ()
        return pages.question("Pay?", minor, session.currency, field="card", choices=choices)

    async def answer_checkout(self, request: Request) -> Response:
        action = await pages.chosen(request)
        session = self._store.sessions.get(request.path_params["id"])
        if action is None or session is None:
            return pages.notice("Nothing happened", "Press one of the buttons.", 400)
        if action == "cancel":
            # The page stays open: who comes back to it can still pay.
            return pages.back_to(session.cancel_url or session.success_url)
        method = await pages.chosen(request, "card", ON_PAGE) or ON_PAGE[0]
        sessions.pay(self._store, session, _DECLINED if action == "decline" else method)
        return self._onward(session)

    def _onward(self, session: Session) -> Response:
        """To the challenge, back to the page after a no, or to the merchant."""
        intent = session.intent
        if intent is not None and intent.status == "requires_action":
            return RedirectResponse(self._store.page_url(intent), 303)
        if session.status == "open":
            return RedirectResponse(f"{self._store.context.url}/c/pay/{session.id}", 303)
        return pages.back_to(session.success_url)

    def _challenged(self, request: Request) -> Intent | None:
        """By both parts: the address is the secret between player and PSP."""
        found = self._store.intents.get(request.path_params["id"])
        secret = request.path_params["secret"]
        return found if found is not None and found.client_secret == secret else None
