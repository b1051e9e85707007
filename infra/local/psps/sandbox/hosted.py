"""The hosted page: the player answers the challenge here and is sent back to the merchant."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from infra.local.psps.base.pages import ACTIONS, address_back, sent
from infra.local.psps.sandbox import cards, operations, pages
from infra.local.psps.sandbox.bodies import read_limited
from infra.local.psps.sandbox.errors import SandboxError
from infra.local.psps.sandbox.operations import Operation
from infra.local.psps.sandbox.store import Store


class HostedPage:
    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [
            Route("/pay/{id}", self.show, methods=["GET"]),
            Route("/pay/{id}", self.answer, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _unknown()
        return pages.question(found) if found.is_open else _answered(found)

    async def answer(self, request: Request) -> Response:
        try:
            form = await read_limited(request)
        except SandboxError as refused:
            return pages.notice("That was too much", refused.message, refused.status)
        action, card = sent(form, "action"), sent(form, "card", "ok")
        if action not in ACTIONS or card.removeprefix("tok_") not in cards.CHOICES:
            return pages.notice("Nothing happened", "Go back and press one of the buttons.", 400)
        with self._store.database.transaction():
            found = self._find(request)
            if found is not None and found.is_open:
                self._decide(found, action, card.removeprefix("tok_"))
                return RedirectResponse(_back(found), 303)
        return _unknown() if found is None else _answered(found)

    def _decide(self, asked: Operation, action: str, card: str) -> None:
        match action:
            case "decline":
                code: str | None = "authentication_failed"
            case "cancel":
                code = "cancelled_by_player"
            case _ if asked.payment_token is None:
                code = cards.choice_code(card)
            case _:
                code = cards.verdict(asked.payment_token, asked.merchant_account)
        passed = action == "approve" and asked.payment_token is not None
        if passed or code is cards.APPROVED:
            asked.authenticated = orjson.dumps(cards.three_ds()).decode()
        self._store.decide(asked, code)

    def _find(self, request: Request) -> Operation | None:
        id_ = request.path_params["id"]
        found = operations.find(self._store.database, id_, "authorization")
        return found if found is not None and found.is_hosted else None


def _outcome(answered: Operation) -> str:
    if answered.code == "cancelled_by_player":
        return "cancelled"
    return answered.status


def _back(answered: Operation) -> str:
    return address_back(
        answered.return_url or "", reference=answered.reference, result=_outcome(answered)
    )


def _answered(found: Operation) -> Response:
    if found.code == "reference_voided":
        return pages.notice("Payment closed", "The merchant has closed this payment.", 410)
    return pages.result(found, _outcome(found), _back(found))


def _unknown() -> Response:
    return pages.notice("No such payment", "The address of this page is not complete.", 404)
