"""The endpoint of /v1: who asks, what exactly, was it asked before; then execute and answer."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from infra.local.psps.base.faults import Faults, handed_over
from infra.local.psps.base.idempotency import Answer, KeyReused
from infra.local.psps.base.orders import Handler
from infra.local.psps.sandbox import cards, errors, operations
from infra.local.psps.sandbox.bodies import Authorization, read
from infra.local.psps.sandbox.errors import SandboxError
from infra.local.psps.sandbox.faults import Fault, Kind, strike
from infra.local.psps.sandbox.modes import CurrentModes
from infra.local.psps.sandbox.operations import Operation
from infra.local.psps.sandbox.rules import BreaksDown, Call
from infra.local.psps.sandbox.store import Store

Asked = TypeVar("Asked", bound=BaseModel)
_UNKNOWN = SandboxError(404, "not_found", "nothing was executed under this reference")
_NOTHING = Answer(200, b"")
_NOT_EXECUTED = ("lost_before", "html_200", "status_503", "status_429")
"""Whatever is kept under the key; of `status_500_before` that is not so."""


class Endpoint:
    def __init__(self, store: Store, modes: CurrentModes, faults: Faults[Fault]) -> None:
        self._store, self._modes, self._faults = store, modes, faults
        self._answers = store.context.answers
        self._in_flight: set[tuple[str, str]] = set()

    def write(
        self,
        operation: str,
        model: type[Asked],
        execute: Callable[[Store, Call, Asked], Operation],
    ) -> Handler:
        """The handler of an operation."""

        async def handle(request: Request) -> Response:
            call = self._call(request)
            asked = await read(request, model)
            mark = _fingerprint(request.url.path, asked)
            name = "sale" if isinstance(asked, Authorization) and asked.capture else operation
            fault = strike(self._faults, name, call.merchant_account)
            with self._once_at_a_time(call):
                answer, manner = self._answer(
                    call, mark, fault, lambda: execute(self._store, call, asked)
                )
                return await self._hand_over(answer, manner)

        return handle

    async def status(self, request: Request) -> Response:
        """`GET /v1/operations?reference=`."""
        account = self._account(request)
        reference = request.query_params.get("reference", "")
        if not reference:
            raise SandboxError(400, "reference_missing", "name the reference in the query")
        fault = strike(self._faults, "status", account)
        found = operations.find_referenced(self._store.database, account, reference)
        if found is None:
            answer = Answer(404, bytes(_UNKNOWN.response.body))
        else:
            answer = Answer(200, orjson.dumps(self._store.view(found)))
        return await self._hand_over(answer, fault)

    def _account(self, request: Request) -> str:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        for account, known in self._store.context.credentials.items():
            expected = known["key"].encode()
            if scheme.lower() == "bearer" and hmac.compare_digest(key.encode(), expected):
                return account
        raise SandboxError(401, "unauthorized", "send the API key of a merchant account as Bearer")

    def _call(self, request: Request) -> Call:
        account = self._account(request)
        key = request.headers.get("Idempotency-Key", "")
        if not 1 <= len(key) <= 255:
            raise SandboxError(
                400, "idempotency_key_missing", "send an Idempotency-Key of 1 to 255"
            )
        trace_id = request.headers.get("X-Trace-Id")
        id_ = str(request.path_params.get("id", ""))
        return Call(account, key, trace_id and trace_id[:255], id_, self._modes.now)

    @contextmanager
    def _once_at_a_time(self, call: Call) -> Iterator[None]:
        mark = (call.merchant_account, call.key)
        is_first = mark not in self._in_flight
        if not is_first and call.modes.idempotency == "conflict_in_flight":
            raise SandboxError(
                409, "idempotency_in_flight", "the first request is still unanswered"
            )
        self._in_flight.add(mark)
        try:
            yield
        finally:
            if is_first:
                self._in_flight.discard(mark)

    def _answer(
        self, call: Call, mark: bytes, fault: Kind | None, execute: Callable[[], Operation]
    ) -> tuple[Answer, str | None]:
        """The answer, and how it is handed over: a fault, or a manner of the card."""
        if fault in _NOT_EXECUTED:
            return _NOTHING, fault
        with self._store.database.transaction():
            if kept := self._recall(call, mark):
                return kept, fault
            return self._first_answer(call, mark, fault, execute)

    def _recall(self, call: Call, mark: bytes) -> Answer | None:
        modes = call.modes
        if modes.idempotency == "off":
            return None
        try:
            return self._answers.recall(
                call.merchant_account,
                call.key,
                mark,
                any_request=modes.idempotency == "ignores_body",
                seconds=modes.forget_seconds if modes.idempotency == "forgetful" else None,
            )
        except KeyReused:
            message = "this idempotency key belongs to another request"
            raise SandboxError(409, "idempotency_key_reused", message) from None

    def _first_answer(
        self, call: Call, mark: bytes, fault: Kind | None, execute: Callable[[], Operation]
    ) -> tuple[Answer, str | None]:
        """Kept in every regime, so that the regime may change between two tries."""
        regime = call.modes.idempotency
        broken = Answer(500, bytes(errors.answer(500).body))
        try:
            if fault == "status_500_before":
                raise BreaksDown
            done = execute()
        except BreaksDown:
            if regime == "replays_500":
                self._keep(call, mark, broken)
            return broken, fault
        answer = Answer(200, orjson.dumps(self._store.view(done)))
        if fault == "status_500_after" and regime == "replays_500":
            self._keep(call, mark, broken)
        elif fault != "status_500_after" or regime != "only_success":
            self._keep(call, mark, answer)
        return answer, fault or _manner(done)

    def _keep(self, call: Call, mark: bytes, answer: Answer) -> None:
        self._answers.keep(call.merchant_account, call.key, mark, answer)

    async def _hand_over(self, answer: Answer, manner: str | None) -> Response:
        headers = {} if answer.is_first else {"Idempotent-Replayed": "true"}
        # A 404 that is cut must not pass for a 404: nothing can be read in it.
        status = 200 if manner == "garbage" else answer.status
        return await handed_over(
            Response(answer.body, status, headers, "application/json"),
            manner,
            errors.answer,
            seconds=self._modes.now.slow_seconds,
            closing=self._store.context.closing,
        )


def _fingerprint(path: str, body: BaseModel) -> bytes:
    """Equal for bodies that say the same, whatever their spaces and the order of their fields."""
    return hashlib.sha256(f"{path}\n{body.model_dump_json()}".encode()).digest()


def _manner(done: Operation) -> str | None:
    """How the first answer is handed over: some cards lose it, one is slow."""
    manners = {
        ("authorization", cards.AUTHORIZATION_LOST): "lost_after",
        ("authorization", cards.SLOW): "slow",
        ("sale", cards.AUTHORIZATION_LOST): "lost_after",
        ("sale", cards.SLOW): "slow",
        ("sale", cards.CAPTURE_LOST): "lost_after",
        ("capture", cards.CAPTURE_LOST): "lost_after",
    }
    if done.status != "approved":
        return None
    name = "sale" if done.is_sale else done.operation
    return manners.get((name, done.payment_token or ""))
