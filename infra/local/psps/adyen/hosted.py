"""The pages on which a shopper answers: 3-D Secure, a payment link's, a hosted session's."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.adyen import amounts, links, sessions
from infra.local.psps.adyen.cards import CARDS, ON_PAGE, Card
from infra.local.psps.adyen.models import Link, Payment, Session
from infra.local.psps.adyen.store import Store
from infra.local.psps.base import pages

_REDIRECT = "/checkoutshopper/threeDS/redirect/{id}/{secret}"
_LINK = "/link/{id}"
_SESSION = "/hosted/{id}"


class HostedPages:
    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [
            Route(_REDIRECT, self.show_redirect, methods=["GET"]),
            Route(_REDIRECT, self.answer_redirect, methods=["POST"]),
            Route(_LINK, self.show_link, methods=["GET"]),
            Route(_LINK, self.answer_link, methods=["POST"]),
            Route(_SESSION, self.show_session, methods=["GET"]),
            Route(_SESSION, self.answer_session, methods=["POST"]),
        ]

    async def show_redirect(self, request: Request) -> Response:
        payment = self._payment(request)
        if payment is None:
            return pages.notice("No such payment", "The address is not complete.", 404)
        if payment.pressed:
            return pages.notice("Answered", "You have answered this already.")
        return _question("Is this payment yours?", payment.amount, payment.currency)

    async def answer_redirect(self, request: Request) -> Response:
        action = await pages.chosen(request)
        payment = self._payment(request)
        if action is None or payment is None:
            return pages.notice("Nothing happened", "Press one of the buttons.", 400)
        payment.pressed = payment.pressed or action
        return pages.back_to(payment.return_url, redirectResult=payment.redirect_result)

    async def show_link(self, request: Request) -> Response:
        return _checkout(self._store.links.get(request.path_params["id"]))

    async def answer_link(self, request: Request) -> Response:
        action = await pages.chosen(request)
        link = self._store.links.get(request.path_params["id"])
        if action is None or link is None:
            return pages.notice("Nothing happened", "Press one of the buttons.", 400)
        links.answered(self._store, link, action, await _card(request))
        if link.return_url:
            return pages.back_to(link.return_url)
        return pages.notice("Thank you", "You can close this page.")

    async def show_session(self, request: Request) -> Response:
        return _checkout(self._store.sessions.get(request.path_params["id"]))

    async def answer_session(self, request: Request) -> Response:
        action = await pages.chosen(request)
        session = self._store.sessions.get(request.path_params["id"])
        if action is None or session is None:
            return pages.notice("Nothing happened", "Press one of the buttons.", 400)
        sessions.answered(self._store, session, action, await _card(request))
        return pages.back_to(session.return_url, sessionId=session.id, sessionResult=session.result)

    def _payment(self, request: Request) -> Payment | None:
        """By both parts: the address is the secret between shopper and Adyen."""
        found = self._store.payments.get(request.path_params["id"])
        secret = request.path_params["secret"]
        return found if found is not None and found.page_secret == secret else None


def _question(title: str, value: int, currency: str) -> Response:
    return pages.question(title, amounts.iso_minor_units(value, currency), currency)


def _checkout(of: Link | Session | None) -> Response:
    """What the shopper pays with is chosen on the page."""
    if of is None:
        return pages.notice("No such payment", "The address is not complete.", 404)
    if of.status != "active":
        return pages.notice("Over", f"This payment is {of.status}.")
    minor = amounts.iso_minor_units(of.amount, of.currency)
    return pages.question("Pay?", minor, of.currency, field="card", choices=ON_PAGE)


async def _card(request: Request) -> Card:
    return CARDS[await pages.chosen(request, "card", ON_PAGE) or ON_PAGE[0]]
