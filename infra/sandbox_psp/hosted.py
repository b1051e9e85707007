"""The hosted page: the player answers the challenge here and is sent back to the merchant."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from infra.sandbox_psp import cards, operations, pages
from infra.sandbox_psp.bodies import read_limited
from infra.sandbox_psp.books import Books
from infra.sandbox_psp.operations import Operation
from infra.sandbox_psp.wire import Refused


class HostedPage:
    def __init__(self, books: Books) -> None:
        self._books = books

    async def show(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _unknown()
        return pages.question(found) if found.is_open else _answered(found)

    async def answer(self, request: Request) -> Response:
        try:
            form = parse_qs((await read_limited(request)).decode(errors="replace"))
        except Refused as refused:
            return pages.notice(refused.status, "That was too much", refused.message)
        action, card = form.get("action", [""])[0], form.get("card", ["ok"])[0]
        known = action in ("approve", "decline", "cancel")
        if not known or card.removeprefix("tok_") not in cards.CHOICES:
            return pages.notice(400, "Nothing happened", "Go back and press one of the buttons.")
        with self._books.store.transaction():
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
        self._books.decide(asked, code)

    def _find(self, request: Request) -> Operation | None:
        id_ = request.path_params["id"]
        found = operations.find(self._books.store, id_, "authorization")
        return found if found is not None and found.is_hosted else None


def _outcome(answered: Operation) -> str:
    if answered.code == "cancelled_by_player":
        return "cancelled"
    return answered.status


def _back(answered: Operation) -> str:
    """The return_url with the result behind whatever its query already says."""
    parts = urlsplit(answered.return_url or "")
    told = [("reference", answered.reference), ("result", _outcome(answered))]
    query = "&".join(filter(None, [parts.query, urlencode(told)]))
    return parts._replace(query=query).geturl()


def _answered(found: Operation) -> Response:
    if found.code == "reference_voided":
        return pages.notice(410, "Payment closed", "The merchant has closed this payment.")
    return pages.result(found, _outcome(found), _back(found))


def _unknown() -> Response:
    return pages.notice(404, "No such payment", "The address of this page is not complete.")
