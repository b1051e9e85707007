"""What callers are told when nothing was executed."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from infra.local.psps.base.wire import Refused

_LATER = {"Retry-After": "1"}


class SandboxError(Refused):
    """`message` says what is allowed and never echoes what was sent."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        body = orjson.dumps({"error": {"code": code, "message": message}})
        super().__init__(Response(body, status, headers, "application/json"))
        self.status, self.code, self.message = status, code, message


def answer(status: int) -> Response:
    """For a status that says nothing about the request."""
    match status:
        case 500:
            error = SandboxError(500, "internal_error", "something broke on our side")
        case 503:
            error = SandboxError(503, "unavailable", "not executed; come back later", _LATER)
        case 429:
            message = "not executed; come back later"
            error = SandboxError(429, "too_many_requests", message, _LATER)
        case _:
            error = SandboxError(status, "no_such_call", HTTPStatus(status).phrase)
    return error.response


def no_such_call(failure: HTTPException) -> Response:
    """With what HTTP itself has to say: which methods there are."""
    code, detail = failure.status_code, failure.detail
    return SandboxError(code, "no_such_call", detail, failure.headers).response
