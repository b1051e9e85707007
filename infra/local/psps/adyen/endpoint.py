"""Who asks, what exactly, was it asked before; then execute and answer."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from infra.local.psps.adyen.calls import Call
from infra.local.psps.adyen.errors import (
    AdyenError,
    key_reused,
    malformed,
    not_allowed,
    unauthorized,
    wrong_merchant_account,
)
from infra.local.psps.adyen.models import new_reference
from infra.local.psps.adyen.parameters import Known
from infra.local.psps.adyen.store import Store
from infra.local.psps.adyen.views import View
from infra.local.psps.base.idempotency import Answer, KeyReused
from infra.local.psps.base.orders import Handler

Rule = Callable[[Store, Call], View]
_KEYS = ("api_key", "store_payout_key", "review_payout_key", "transfer_key")
YOUNGER = "/btl/"
"""Below it errors are written as RFC 7807 has them."""
_LONGEST_KEY = 64


class Endpoint:
    def __init__(self, store: Store) -> None:
        self._store = store

    def handler(
        self, rule: Rule, known: Known | None, *, status: int = 200, right: str = "api_key"
    ) -> Handler:
        """`known`: the body's members, None where there is no body; `right`: whose key it takes."""

        async def handle(request: Request) -> Response:
            key = request.headers.get("Idempotency-Key", "")
            try:
                call = await self._call(request, key, known, right)
                self._store.refuse(request.method, request.url.path)
                answer = self._once(call, request, rule, status)
            except AdyenError as error:
                younger = request.url.path.startswith(YOUNGER)
                body = error.younger if younger else error.body
                answer = Answer(error.status, orjson.dumps(body))
            return _response(answer, key)

        return handle

    def account(self, given: str, right: str) -> str:
        """Whose key this is. Raises AdyenError: nobody's, or one with other rights."""
        for account, known in self._store.context.credentials.items():
            for name in _KEYS:
                if given and hmac.compare_digest(given.encode(), known[name].encode()):
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
            names = ", ".join(name[:40] for name in unknown)
            raise malformed(
                f"Structure of {known.name} contains the following unknown fields: [{names}]"
            )
        ours = self._store.merchant_account(account)
        if "merchantAccount" in known.members and body.get("merchantAccount") != ours:
            raise wrong_merchant_account()
        return Call(account, key, id_, body)

    def _once(self, call: Call, request: Request, rule: Rule, status: int) -> Answer:
        if request.method != "POST" or not call.key:
            return Answer(status, orjson.dumps(rule(self._store, call)))
        answers = self._store.context.answers
        mark = orjson.dumps([request.url.path, call.body], option=orjson.OPT_SORT_KEYS)
        try:
            kept = answers.recall(call.account, call.key, mark)
        except KeyReused:
            raise key_reused() from None
        if kept is not None:
            return kept
        try:
            answer = Answer(status, orjson.dumps(rule(self._store, call)))
        except AdyenError as error:
            if not error.kept:
                raise
            body = error.younger if request.url.path.startswith(YOUNGER) else error.body
            answer = Answer(error.status, orjson.dumps(body))
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
