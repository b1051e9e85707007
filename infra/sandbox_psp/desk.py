"""The desk of /v1: who asks, what exactly, was it asked before; then execute and answer."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from infra.sandbox_psp import cards, operations
from infra.sandbox_psp.bodies import read
from infra.sandbox_psp.books import Books
from infra.sandbox_psp.faults import Faults, Kind
from infra.sandbox_psp.idempotency import Answer, fingerprint, keep, recall
from infra.sandbox_psp.modes import CurrentModes
from infra.sandbox_psp.operations import Operation
from infra.sandbox_psp.rules import BreaksDown, Call
from infra.sandbox_psp.settings import Settings
from infra.sandbox_psp.wire import LostAnswer, Refused, TornAnswer

Asked = TypeVar("Asked", bound=BaseModel)
Endpoint = Callable[[Request], Awaitable[Response]]
_UNKNOWN = Refused(404, "not_found", "nothing was executed under this reference")
_NOTHING = Answer(200, b"")
_LATER = {"Retry-After": "1"}
_MAINTENANCE = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"


class Desk:
    def __init__(
        self, settings: Settings, books: Books, modes: CurrentModes, faults: Faults
    ) -> None:
        self._books, self._modes, self._faults = books, modes, faults
        self._accounts = {
            "primary": settings.key_primary.get_secret_value().encode(),
            "secondary": settings.key_secondary.get_secret_value().encode(),
        }
        self._in_flight: set[tuple[str, str]] = set()
        self.closing = asyncio.Event()

    def write(
        self,
        operation: str,
        model: type[Asked],
        execute: Callable[[Books, Call, Asked], Operation],
    ) -> Endpoint:
        """The endpoint of an operation."""

        async def endpoint(request: Request) -> Response:
            try:
                call = self._call(request)
                asked = await read(request, model)
                mark = fingerprint(request.url.path, asked)
                fault = self._faults.strike(operation, call.merchant_account)
                with self._once_at_a_time(call):
                    answer, manner = self._answer(
                        call, mark, fault, lambda: execute(self._books, call, asked)
                    )
                    return await self._hand_over(answer, manner)
            except Refused as refused:
                return refused.response()

        return endpoint

    async def status(self, request: Request) -> Response:
        """`GET /v1/operations?reference=`."""
        try:
            account = self._account(request)
            reference = request.query_params.get("reference", "")
            if not reference:
                raise Refused(400, "reference_missing", "name the reference in the query")
            fault = self._faults.strike("status", account)
            _refuse_before(fault)
            found = operations.find_referenced(self._books.store, account, reference)
            if found is None:
                answer = Answer(404, _UNKNOWN.body)
            else:
                answer = Answer(200, orjson.dumps(self._books.view(found)))
            return await self._hand_over(answer, fault)
        except Refused as refused:
            return refused.response()

    def _account(self, request: Request) -> str:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        for account, expected in self._accounts.items():
            if scheme.lower() == "bearer" and hmac.compare_digest(key.encode(), expected):
                return account
        raise Refused(401, "unauthorized", "send the API key of a merchant account as Bearer")

    def _call(self, request: Request) -> Call:
        account = self._account(request)
        key = request.headers.get("Idempotency-Key", "")
        if not 1 <= len(key) <= 255:
            raise Refused(400, "idempotency_key_missing", "send an Idempotency-Key of 1 to 255")
        trace_id = request.headers.get("X-Trace-Id")
        id_ = str(request.path_params.get("id", ""))
        return Call(account, key, trace_id and trace_id[:255], id_, self._modes.now)

    @contextmanager
    def _once_at_a_time(self, call: Call) -> Iterator[None]:
        mark = (call.merchant_account, call.key)
        is_first = mark not in self._in_flight
        if not is_first and call.modes.idempotency == "conflict_in_flight":
            raise Refused(409, "idempotency_in_flight", "the first request is still unanswered")
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
        _refuse_before(fault)
        if fault in ("lost_before", "html_200"):
            return _NOTHING, fault
        with self._books.store.transaction():
            if kept := recall(self._books.store, call, mark):
                return kept, fault
            return self._first_answer(call, mark, fault, execute)

    def _first_answer(
        self, call: Call, mark: bytes, fault: Kind | None, execute: Callable[[], Operation]
    ) -> tuple[Answer, str | None]:
        store, regime = self._books.store, call.modes.idempotency
        broken = Answer(500, _broken().body)
        try:
            if fault == "status_500_before":
                raise BreaksDown
            done = execute()
        except BreaksDown:
            if regime == "replays_500":
                keep(store, call, mark, broken)
            return broken, fault
        answer = Answer(200, orjson.dumps(self._books.view(done)))
        if fault == "status_500_after" and regime == "replays_500":
            keep(store, call, mark, broken)
        elif fault != "status_500_after" or regime != "only_success":
            keep(store, call, mark, answer)
        return answer, fault or _manner(done)

    async def _hand_over(self, answer: Answer, manner: str | None) -> Response:
        headers = {} if answer.is_first else {"Idempotent-Replayed": "true"}
        response = Response(answer.body, answer.status, headers, "application/json")
        match manner:
            case "lost_before" | "lost_after":
                return LostAnswer()
            case "status_500_before" | "status_500_after":
                return _broken().response()
            case "garbage":
                cut = answer.body[: len(answer.body) // 2]
                return Response(cut, 200, media_type="application/json")
            case "html_200":
                return HTMLResponse(_MAINTENANCE)
            case "reset":
                return TornAnswer(answer.body)
            case "slow":
                await self._wait(self._modes.now.slow_seconds)
                return LostAnswer() if self.closing.is_set() else response
            case _:
                return response

    async def _wait(self, seconds: float) -> None:
        """Cut short when the process ends."""
        try:
            async with asyncio.timeout(seconds):
                await self.closing.wait()
        except TimeoutError:
            return


def _broken() -> Refused:
    return Refused(500, "internal_error", "something broke on our side")


def _refuse_before(fault: Kind | None) -> None:
    """Raises Refused for the faults whose answer says that nothing was executed."""
    match fault:
        case "status_503":
            raise Refused(503, "unavailable", "not executed; come back later", _LATER)
        case "status_429":
            raise Refused(429, "too_many_requests", "not executed; come back later", _LATER)


def _manner(done: Operation) -> str | None:
    """How the first answer is handed over: some cards lose it, one is slow."""
    manners = {
        ("authorization", cards.AUTHORIZATION_LOST): "lost_after",
        ("authorization", cards.SLOW): "slow",
        ("capture", cards.CAPTURE_LOST): "lost_after",
    }
    if done.status != "approved":
        return None
    return manners.get((done.operation, done.payment_token or ""))
