"""Around every request: its trace, and a last net for errors.

Who calls is not known here yet, so nothing is looked through but the trace, of 128 characters at
most: it is answered and logged whoever sent it. The address is looked at in `dependencies.py`.
"""

from __future__ import annotations

import re
import secrets
import time

import structlog
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.card_data import refuse_card_data
from api.http.errors import Problem, not_found, response
from api.http.headers import ON_EVERY_ANSWER, OVER_TLS
from api.http.outages import problem_of
from api.http.sources import is_over_tls

_TRACE = re.compile(r"[A-Za-z0-9._-]{1,128}")

_Headers = list[tuple[bytes, bytes]]


def _as_sent(headers: dict[str, str]) -> _Headers:
    return [(name.lower().encode(), text.encode()) for name, text in headers.items()]


_ON_EVERY_ANSWER = _as_sent(ON_EVERY_ANSWER)
_OVER_TLS = _as_sent(ON_EVERY_ANSWER | OVER_TLS)
_TRACE_ID = b"x-trace-id"

log = structlog.get_logger("paysaga.api")


class Tracing:
    """Binds the trace for logs and problems, returns it, and answers what nobody else answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        given = _given_trace(scope)
        proper = given is None or (_TRACE.fullmatch(given) and _is_clean(given))
        trace_id = given if given and proper else secrets.token_hex(16)
        secure = is_over_tls(HTTPConnection(scope))
        answer = _Answer(send, trace_id, _OVER_TLS if secure else _ON_EVERY_ANSWER)
        before = structlog.contextvars.bind_contextvars(trace_id=trace_id)
        try:
            try:
                if not proper:
                    raise _bad_trace()
                _require_plain_slashes(scope)
                await self._app(scope, receive, answer)
            except Exception as error:  # noqa: BLE001 - the last net: nothing escapes unanswered
                await _rescue(error, answer, scope, receive)
            _tell(scope, answer)
        finally:
            structlog.contextvars.reset_contextvars(**before)
        return None


def _given_trace(scope: Scope) -> str | None:
    given = (text for name, text in scope["headers"] if name == _TRACE_ID)
    text = next(given, None)
    return None if text is None else text.decode("latin-1")


class _Answer:
    def __init__(self, send: Send, trace_id: str, on_every_answer: _Headers) -> None:
        self._send = send
        self._trace_id = trace_id
        self._on_every_answer = on_every_answer
        self._since = time.perf_counter()
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._with_ours(message["headers"])
        await self._send(message)

    def _with_ours(self, headers: _Headers) -> _Headers:
        """What an answer says itself counts, but for the trace."""
        given = {name.lower() for name, _ in headers}
        if _TRACE_ID in given:
            headers = [each for each in headers if each[0].lower() != _TRACE_ID]
        return [
            *headers,
            (_TRACE_ID, self._trace_id.encode()),
            *(each for each in self._on_every_answer if each[0] not in given),
        ]

    @property
    def milliseconds(self) -> float:
        return round((time.perf_counter() - self._since) * 1000, 1)


async def _rescue(error: Exception, answer: _Answer, scope: Scope, receive: Receive) -> None:
    if isinstance(error, ClientDisconnect):
        # Nobody is there to be answered; the number is what logs of proxies call it.
        answer.status = answer.status or 499
        return
    problem = error if isinstance(error, Problem) else problem_of(error)
    if problem is None:
        # Messages of unexpected errors can carry what was sent: only where it happened is kept.
        log.error("unexpected_error", error=type(error).__name__, at=_place(error))
        problem = Problem(
            500, "internal-error", "Something went wrong here", "it has been recorded; try again"
        )
    if answer.status == 0:
        await response(problem)(scope, receive, answer)


def _place(error: BaseException) -> list[str]:
    frames, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-8:]


def _is_clean(given: str) -> bool:
    try:
        refuse_card_data(given)
    except Problem:
        return False
    return True


def _require_plain_slashes(scope: Scope) -> None:
    """One that is written as %2F would lead to another route than a proxy has seen."""
    raw = scope.get("raw_path", b"").lower()
    if b"%2f" in raw or b"%5c" in raw:
        raise not_found("address: no id has a slash in it, written out or encoded")


def _bad_trace() -> Problem:
    return Problem(
        400,
        "invalid-trace-id",
        "The trace id is not valid",
        "X-Trace-Id has 1 to 128 letters, digits, dots, underscores or dashes, and is no number "
        "of a card or account",
    )


def _tell(scope: Scope, answer: _Answer) -> None:
    route = scope.get("route")
    log.info(
        "request",
        method=scope["method"],
        # The template, not the address: an address can carry anything.
        route=getattr(route, "path", None),
        status=answer.status,
        milliseconds=answer.milliseconds,
    )
