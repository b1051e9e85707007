"""The pages on which a shopper answers: 3-D Secure, and a payment link's."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.lookalikes import pages
from infra.lookalikes.adyen import amounts, links
from infra.lookalikes.adyen.books import Books
from infra.lookalikes.adyen.things import Payment

_REDIRECT = "/checkoutshopper/threeDS/redirect/{id}/{secret}"
_LINK = "/link/{id}"


class HostedPages:
    def __init__(self, books: Books) -> None:
        self._books = books

    def routes(self) -> list[Route]:
        return [
            Route(_REDIRECT, self.show_redirect, methods=["GET"]),
            Route(_REDIRECT, self.answer_redirect, methods=["POST"]),
            Route(_LINK, self.show_link, methods=["GET"]),
            Route(_LINK, self.answer_link, methods=["POST"]),
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
        link = self._books.links.get(request.path_params["id"])
        if link is None:
            return pages.notice("No such link", "The address is not complete.", 404)
        if link.status != "active":
            return pages.notice("Over", f"This payment link is {link.status}.")
        return _question("Pay?", link.amount, link.currency)

    async def answer_link(self, request: Request) -> Response:
        action = await pages.chosen(request)
        link = self._books.links.get(request.path_params["id"])
        if action is None or link is None:
            return pages.notice("Nothing happened", "Press one of the buttons.", 400)
        links.answered(self._books, link, action)
        if link.return_url:
            return pages.back_to(link.return_url)
        return pages.notice("Thank you", "You can close this page.")

    def _payment(self, request: Request) -> Payment | None:
        """By both parts: the address is the secret between shopper and Adyen."""
        found = self._books.payments.get(request.path_params["id"])
        secret = request.path_params["secret"]
        return found if found is not None and found.page_secret == secret else None


def _question(title: str, value: int, currency: str) -> Response:
    return pages.question(title, amounts.iso_minor_units(value, currency), currency)
