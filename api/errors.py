"""What callers are told when something is not done: RFC 9457 problems with a stable `type`.

A problem says what is allowed and never echoes what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from fastapi import Request, Response

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:paysaga:problem:"


@dataclass(frozen=True)
class FieldError:
    pointer: str
    """RFC 6901, into the body: `/amount/currency`."""
    detail: str


@dataclass(eq=False)
class Problem(Exception):
    """Raised anywhere below an endpoint; becomes the answer."""

    status: int
    slug: str
    title: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further members of the problem, such as the id of what it is about."""

    def body(self, trace_id: str) -> bytes:
        told: dict[str, Any] = {
            "type": _TYPE + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "trace_id": trace_id,
            **self.extra,
        }
        if self.errors:
            told["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        return orjson.dumps(told)


def current_trace() -> str:
    """The trace of the request being answered."""
    return str(structlog.contextvars.get_contextvars().get("trace_id", ""))


def response(problem: Problem) -> Response:
    return Response(
        problem.body(current_trace()),
        problem.status,
        headers=dict(problem.headers),
        media_type=MEDIA_TYPE,
    )


async def answer_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for Problem alone
    return response(problem)


# --- the problems that several nouns share ----------------------------------------------------


def invalid(*errors: FieldError) -> Problem:
    return Problem(
        422,
        "invalid-request",
        "The request is not valid",
        "; ".join(f"{e.pointer or 'body'}: {e.detail}" for e in errors[:5]),
        errors,
    )


def not_found(what: str) -> Problem:
    return Problem(404, "not-found", "Not found", f"there is no such {what}")


ILLEGAL_STATE = "illegal-state"


def illegal_state(detail: str, status: str) -> Problem:
    return Problem(
        409, ILLEGAL_STATE, "Not possible in this state", detail, extra={"state": status}
    )


def forbidden(detail: str) -> Problem:
    return Problem(403, "forbidden", "Not allowed", detail)


def four_eyes() -> Problem:
    return Problem(
        403,
        "four-eyes",
        "A second person must decide",
        "who requested a payout may not decide on it",
    )


def key_reused() -> Problem:
    return Problem(
        409,
        "idempotency-key-reused",
        "The idempotency key was used for another request",
        "repeat a request with its own key; use a new key for a new request",
    )


def unavailable(what: str, retry_after: int = 1) -> Problem:
    return Problem(
        503,
        "unavailable",
        "Not available for the moment",
        f"{what} is out of reach; repeat the request with the same idempotency key",
        headers={"Retry-After": str(retry_after)},
    )
