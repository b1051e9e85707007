"""Who asks, what exactly, was it asked before; then execute and answer."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response

from infra.local.psps.base.idempotency import Answer, KeyReused
from infra.local.psps.base.orders import Handler
from infra.local.psps.stripe import forms
from infra.local.psps.stripe.errors import StripeError, failure, invalid, key_reused, unauthorized
from infra.local.psps.stripe.models import new_id
from infra.local.psps.stripe.rules import Call
from infra.local.psps.stripe.store import API_VERSION, Store
from infra.local.psps.stripe.views import View

Rule = Callable[[Store, Call], View]


class Endpoint:
    def __init__(self, store: Store) -> None:
        self._store = store

    def handler(self, rule: Rule, known: frozenset[str]) -> Handler:
        """`known`: the parameters that the call has."""

        async def handle(request: Request) -> Response:
            try:
                call = await self._call(request)
                if (name := forms.unknown(call.form, known)) is not None:
                    message = f"Received unknown parameter: {name[:40]}"
                    raise invalid(message, code="parameter_unknown", param=name[:40])
                if request.method == "POST" and call.key:
                    return self._once(call, request.url.path, rule)
                return _response(Answer(200, orjson.dumps(rule(self._store, call))))
            except StripeError as error:
                return _response(Answer(error.status, orjson.dumps(error.body)))

        return handle

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
        for account, known in self._store.context.credentials.items():
            if hmac.compare_digest(given.encode(), known["secret_key"].encode()):
                return account
        raise unauthorized()

    def _once(self, call: Call, path: str, rule: Rule) -> Response:
        answers = self._store.context.answers
        mark = orjson.dumps([path, call.form], option=orjson.OPT_SORT_KEYS)
        try:
            kept = answers.recall(call.account, call.key, mark)
        except KeyReused:
            raise key_reused() from None
        if kept is not None:
            return _response(kept, replayed=True)
        if self._store.errors_to_keep:
            answer = self._broken(call, rule, executed=self._store.errors_to_keep.pop(0))
        else:
            answer = self._executed(call, rule)
        answers.keep(call.account, call.key, mark, answer)
        return _response(answer)

    def _executed(self, call: Call, rule: Rule) -> Answer:
        """Raises StripeError for what Stripe keeps under no key."""
        try:
            return Answer(200, orjson.dumps(rule(self._store, call)))
        except StripeError as error:
            if not error.kept:
                raise
            return Answer(error.status, orjson.dumps(error.body))

    def _broken(self, call: Call, rule: Rule, *, executed: bool) -> Answer:
        """Stripe keeps its own failures under the key too."""
        if executed:
            self._executed(call, rule)
        error = failure()
        return Answer(error.status, orjson.dumps(error.body))


def _response(answer: Answer, *, replayed: bool = False) -> Response:
    headers = {"Request-Id": new_id("req"), "Stripe-Version": API_VERSION}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(answer.body, answer.status, headers, "application/json")
