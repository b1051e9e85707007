"""Who asks, what exactly, was it asked before; then execute and answer."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from infra.lookalikes.adyen.books import Books
from infra.lookalikes.adyen.calls import Call
from infra.lookalikes.adyen.errors import (
    AdyenError,
    key_reused,
    malformed,
    not_allowed,
    unauthorized,
    wrong_merchant_account,
)
from infra.lookalikes.adyen.parameters import Known
from infra.lookalikes.adyen.things import new_reference
from infra.lookalikes.adyen.views import View
from infra.lookalikes.idempotency import Answer, KeyReused

Endpoint = Callable[[Request], Awaitable[Response]]
Rule = Callable[[Books, Call], View]
_KEYS = ("api_key", "store_payout_key", "review_payout_key")
_LONGEST_KEY = 64


class Desk:
    def __init__(self, books: Books) -> None:
        self._books = books

    def endpoint(
        self, rule: Rule, known: Known | None, *, status: int = 200, right: str = "api_key"
    ) -> Endpoint:
        """`known`: the body's members, None where there is no body; `right`: whose key it takes."""

        async def endpoint(request: Request) -> Response:
            key = request.headers.get("Idempotency-Key", "")
            try:
                call = await self._call(request, key, known, right)
                answer = self._once(call, request, rule, status)
            except AdyenError as error:
                answer = Answer(error.status, orjson.dumps(error.body))
            return _response(answer, key)

        return endpoint

    def account(self, given: str, right: str) -> str:
        """Whose key this is. Raises AdyenError: nobody's, or one with other rights."""
        for account, told in self._books.ground.credentials.items():
            for name in _KEYS:
                if given and hmac.compare_digest(given.encode(), told[name].encode()):
                    if name != right:
                        raise not_allowed()
                    return account
        raise unauthorized()

    async def _call(self, request: Request, key: str, known: Known | None, right: str) -> Call:
        account = self.account(request.headers.get("X-API-Key", ""), right)
        if len(key) > _LONGEST_KEY:
            raise malformed(f"The idempotency key is longer than {_LONGEST_KEY} characters")
        id_ = str(request.path_params.get("id", ""))
        if known is None:
            return Call(account, key, id_, dict(request.query_params))
        body = _read(await request.body())
        unknown = sorted(body.keys() - known.members)
        if unknown:
            told = ", ".join(name[:40] for name in unknown)
            raise malformed(
                f"Structure of {known.name} contains the following unknown fields: [{told}]"
            )
        ours = self._books.merchant_account(account)
        if "merchantAccount" in known.members and body.get("merchantAccount") != ours:
            raise wrong_merchant_account()
        return Call(account, key, id_, body)

    def _once(self, call: Call, request: Request, rule: Rule, status: int) -> Answer:
        if request.method != "POST" or not call.key:
            return Answer(status, orjson.dumps(rule(self._books, call)))
        answers = self._books.ground.answers
        mark = orjson.dumps([request.url.path, call.body], option=orjson.OPT_SORT_KEYS)
        try:
            kept = answers.recall(call.account, call.key, mark)
        except KeyReused:
            raise key_reused() from None
        if kept is not None:
            return kept
        try:
            answer = Answer(status, orjson.dumps(rule(self._books, call)))
        except AdyenError as error:
            if not error.kept:
                raise
            answer = Answer(error.status, orjson.dumps(error.body))
        answers.keep(call.account, call.key, mark, answer)
        return answer


def _read(body: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise malformed("Unexpected input, expected: {") from None
    if not isinstance(read, dict):
        raise malformed("Unexpected input, expected: {")
    return read


def _response(answer: Answer, key: str) -> Response:
    headers = {"pspreference": new_reference()}
    if key:
        headers["idempotency-key"] = key
    return Response(answer.body, answer.status, headers, "application/json")
