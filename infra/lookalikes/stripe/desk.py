"""Who asks, what exactly, was it asked before; then execute and answer."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response

from infra.lookalikes.idempotency import Answer, KeyReused
from infra.lookalikes.stripe import forms
from infra.lookalikes.stripe.books import API_VERSION, Books
from infra.lookalikes.stripe.errors import StripeError, invalid, key_reused, unauthorized
from infra.lookalikes.stripe.rules import Call
from infra.lookalikes.stripe.things import new_id
from infra.lookalikes.stripe.views import View

Endpoint = Callable[[Request], Awaitable[Response]]
Rule = Callable[[Books, Call], View]


class Desk:
    def __init__(self, books: Books) -> None:
        self._books = books

    def endpoint(self, rule: Rule, known: frozenset[str]) -> Endpoint:
        """`known`: the parameters that the call has."""

        async def endpoint(request: Request) -> Response:
            try:
                call = await self._call(request)
                if (name := forms.unknown(call.form, known)) is not None:
                    told = f"Received unknown parameter: {name[:40]}"
                    raise invalid(told, code="parameter_unknown", param=name[:40])
                if request.method == "POST" and call.key:
                    return self._once(call, request.url.path, rule)
                return _response(Answer(200, orjson.dumps(rule(self._books, call))))
            except StripeError as error:
                return _response(Answer(error.status, orjson.dumps(error.body)))

        return endpoint

    async def _call(self, request: Request) -> Call:
        account = self._account(request.headers.get("Authorization", ""))
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > 255:
            raise invalid("Idempotency keys are at most 255 characters long.")
        text = request.url.query
        if request.method == "POST":
            text = (await request.body()).decode(errors="replace")
            kind = request.headers.get("Content-Type", "application/x-www-form-urlencoded")
            if text and not kind.startswith("application/x-www-form-urlencoded"):
                raise invalid("Send the parameters as application/x-www-form-urlencoded.")
        return Call(account, key, str(request.path_params.get("id", "")), forms.decode(text))

    def _account(self, authorization: str) -> str:
        """Bearer, or Basic with the key as user and no password. Raises StripeError."""
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                given = ""
        for account, told in self._books.ground.credentials.items():
            if hmac.compare_digest(given.encode(), told["secret_key"].encode()):
                return account
        raise unauthorized()

    def _once(self, call: Call, path: str, rule: Rule) -> Response:
        answers = self._books.ground.answers
        mark = orjson.dumps([path, call.form], option=orjson.OPT_SORT_KEYS)
        try:
            kept = answers.recall(call.account, call.key, mark)
        except KeyReused:
            raise key_reused() from None
        if kept is not None:
            return _response(kept, replayed=True)
        try:
            answer = Answer(200, orjson.dumps(rule(self._books, call)))
        except StripeError as error:
            if not error.kept:
                raise
            answer = Answer(error.status, orjson.dumps(error.body))
        answers.keep(call.account, call.key, mark, answer)
        return _response(answer)


def _response(answer: Answer, *, replayed: bool = False) -> Response:
    headers = {"Request-Id": new_id("req"), "Stripe-Version": API_VERSION}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(answer.body, answer.status, headers, "application/json")
