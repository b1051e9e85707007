"""The calls of the lookalike of Stripe, and the page where a player answers 3-D Secure."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.lookalikes import pages
from infra.lookalikes.ground import Dialect, Ground
from infra.lookalikes.stripe import (
    amounts,
    confirming,
    errors,
    lists,
    parameters,
    refunding,
    rules,
)
from infra.lookalikes.stripe.books import Books
from infra.lookalikes.stripe.desk import Desk
from infra.lookalikes.stripe.things import Intent

_PAGE = "/redirect/authenticate/{id}/{secret}"


def build(ground: Ground) -> Dialect:
    books = Books(ground)
    page = HostedPage(books)
    return Dialect(
        routes=[
            *_v1(Desk(books)),
            Route(_PAGE, page.show, methods=["GET"]),
            Route(_PAGE, page.answer, methods=["POST"]),
        ],
        answer=errors.answer,
        sign=books.sign,
    )


def _v1(desk: Desk) -> list[Route]:
    intents = "/payment_intents"
    calls = [
        ("POST", intents, rules.create, parameters.CREATE),
        ("GET", intents, lists.intents, parameters.INTENTS),
        ("GET", f"{intents}/{{id}}", rules.retrieve, parameters.RETRIEVE),
        ("POST", f"{intents}/{{id}}/confirm", rules.confirm, parameters.CONFIRM),
        ("POST", f"{intents}/{{id}}/capture", rules.capture, parameters.CAPTURE),
        ("POST", f"{intents}/{{id}}/cancel", rules.cancel, parameters.CANCEL),
        ("GET", "/charges/{id}", rules.retrieve_charge, parameters.RETRIEVE),
        ("POST", "/refunds", refunding.create, parameters.REFUND),
        ("GET", "/refunds", lists.refunds, parameters.REFUNDS),
        ("GET", "/refunds/{id}", refunding.retrieve, parameters.RETRIEVE),
        (
            "GET",
            "/balance_transactions",
            lists.balance_transactions,
            parameters.TRANSACTIONS,
        ),
    ]
    return [
        Route(f"/v1{path}", desk.endpoint(rule, known), methods=[method])
        for method, path, rule, known in calls
    ]


class HostedPage:
    def __init__(self, books: Books) -> None:
        self._books = books

    async def show(self, request: Request) -> Response:
        intent = self._find(request)
        if intent is None:
            return pages.notice("No such payment", "The address is not complete.", 404)
        if intent.status != "requires_action":
            return pages.notice("Answered", "You have answered this already.")
        minor = amounts.iso_minor_units(intent.amount, intent.currency)
        return pages.question("Is this payment yours?", minor, intent.currency)

    async def answer(self, request: Request) -> Response:
        action = await pages.chosen(request)
        intent = self._find(request)
        if action is None or intent is None or intent.return_url is None:
            return pages.notice("Nothing happened", "Press one of the buttons.", 400)
        if intent.status == "requires_action":
            if action == "approve":
                confirming.authenticated(self._books, intent)
            else:
                confirming.not_authenticated(self._books, intent)
        return pages.back_to(
            intent.return_url,
            payment_intent=intent.id,
            payment_intent_client_secret=f"{intent.id}_{intent.client_secret}",
            source_type="card",
        )

    def _find(self, request: Request) -> Intent | None:
        """By both parts: the address is the secret between player and PSP."""
        found = self._books.intents.get(request.path_params["id"])
        secret = request.path_params["secret"]
        return found if found is not None and found.client_secret == secret else None
