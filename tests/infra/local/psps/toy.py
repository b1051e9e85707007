"""The least of lookalikes: one call, one page, one webhook; to try the base on."""

from __future__ import annotations

import hashlib
import hmac
import itertools

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.base import pages
from infra.local.psps.base.context import Context, Dialect
from infra.local.psps.base.idempotency import Answer, KeyReused
from infra.local.psps.base.journal import Done
from infra.local.psps.base.outbox import Event
from infra.local.psps.base.wire import Refused, json_response

CREDENTIALS = {
    "primary": {"key": "key-of-the-first", "secret": "secret-of-the-first"},
    "secondary": {"key": "key-of-the-second", "secret": "secret-of-the-second"},
}


def signature(account: str, body: bytes) -> str:
    return hmac.digest(CREDENTIALS[account]["secret"].encode(), body, hashlib.sha256).hex()


class Toy:
    """`POST /pay` captures what the query `amount` says under the header `Key`."""

    def __init__(self, context: Context) -> None:
        self._context, self._numbers = context, itertools.count(1)

    async def pay(self, request: Request) -> Response:
        account, key = self._account(request), request.headers["Key"]
        asked = request.query_params["amount"]
        try:
            kept = self._context.answers.recall(account, key, asked.encode())
        except KeyReused:
            raise Refused(json_response({"error": "key"}, 409)) from None
        if kept is None:
            kept = Answer(200, f'{{"id": "{self._capture(account, key, int(asked))}"}}'.encode())
            self._context.answers.keep(account, key, asked.encode(), kept)
        return Response(kept.body, kept.status, media_type="application/json")

    async def promise(self, request: Request) -> Response:
        account, key = self._account(request), request.headers["Key"]
        self._context.later.do(0.05, lambda: self._decline(account, key))
        return json_response({}, 202)

    async def show(self, _: Request) -> Response:
        return pages.question("<Is> it yours?", 1234, "JPY")

    async def answer(self, request: Request) -> Response:
        action = await pages.chosen(request)
        if action is None:
            return pages.notice("Nothing happened", "Press a button.", 400)
        return pages.back_to("https://casino.example/back?a=1", result=action)

    def sign(self, event: Event) -> dict[str, str]:
        return {"Toy-Signature": signature(event.account, event.body)}

    def _account(self, request: Request) -> str:
        for account, known in self._context.credentials.items():
            if request.headers.get("Api-Key") == known["key"]:
                return account
        raise Refused(json_response({"error": "who are you?"}, 401))

    def _capture(self, account: str, key: str, amount: int) -> str:
        id_ = f"cap_{next(self._numbers)}"
        self._context.journal.enter(Done("capture", id_, key, account, amount, "EUR"))
        self._context.outbox.put(f"evt_{id_}", "captured", account, key, id_.encode())
        return id_

    def _decline(self, account: str, key: str) -> None:
        self._context.journal.enter(Done("payout", "po_1", key, account, 5, "EUR", "closed"))


def build(context: Context) -> Dialect:
    toy = Toy(context)
    return Dialect(
        routes=[
            Route("/pay", toy.pay, methods=["POST"]),
            Route("/promise", toy.promise, methods=["POST"]),
            Route("/page", toy.show, methods=["GET"]),
            Route("/page", toy.answer, methods=["POST"]),
        ],
        answer=lambda status: json_response({"toy": status}, status),
        sign=toy.sign,
        accepts=lambda answer: answer.status_code == 200,
    )
