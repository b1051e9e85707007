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
    """One thing that is wrong, where it stands, and what is allowed there."""

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
        """As JSON; `errors` is there only if there are any."""
        document: dict[str, Any] = {
            "type": _TYPE + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "trace_id": trace_id,
            **self.extra,
        }
        if self.errors:
            document["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        return orjson.dumps(document)


def current_trace() -> str:
    """The trace of the request being answered."""
    return str(structlog.contextvars.get_contextvars().get("trace_id", ""))


def response(problem: Problem) -> Response:
    """With the trace of the request that is being answered."""
    return Response(
        problem.body(current_trace()),
        problem.status,
        headers=dict(problem.headers),
        media_type=MEDIA_TYPE,
    )


async def answer_problem(_: Request, problem: Exception) -> Response:
    """For the app: how every Problem that is raised becomes an answer."""
    assert isinstance(problem, Problem)  # noqa: S101 - registered for Problem alone
    return response(problem)


# --- the problems that several nouns share ----------------------------------------------------


def invalid(*errors: FieldError) -> Problem:
    """422 `invalid-request`; `errors` has all of them, `detail` the first five."""
    return Problem(
        422,
        "invalid-request",
        "The request is not valid",
        "; ".join(f"{e.pointer or 'body'}: {e.detail}" for e in errors[:5]),
        errors,
    )


def not_found(what: str) -> Problem:
    """404 `not-found`, also for what another brand has."""
    return Problem(404, "not-found", "Not found", f"there is no such {what}")


ILLEGAL_STATE = "illegal-state"


def illegal_state(detail: str, status: str) -> Problem:
    """409 `illegal-state`, with the present state as `state`."""
    return Problem(
        409, ILLEGAL_STATE, "Not possible in this state", detail, extra={"state": status}
    )


def unattended(command: str, status: str) -> Problem:
    """503 `unattended`: the run was lost and a case is open; `state` is the payment's."""
    return Problem(
        503,
        "unattended",
        "Nothing works on this payment",
        f"{command} has to wait: the payment is {status} and its run was lost; a case is open, and "
        "whoever resolves it has a new run take over. Repeat the request with the same "
        "idempotency key",
        headers={"Retry-After": "60"},
        extra={"state": status},
    )


def forbidden(detail: str) -> Problem:
    """403 `forbidden`: the credential is not for this; `detail` says what it takes."""
    return Problem(403, "forbidden", "Not allowed", detail)


def four_eyes() -> Problem:
    """403 `four-eyes`: whoever asked for a payout, under whatever credential."""
    return Problem(
        403,
        "four-eyes",
        "A second person must decide",
        "who requested a payout may not decide on it",
    )


def key_reused() -> Problem:
    """409 `idempotency-key-reused`: the key stands for another place or other parameters."""
    return Problem(
        409,
        "idempotency-key-reused",
        "The idempotency key was used for another request",
        "repeat a request with its own key; use a new key for a new request",
    )


def unavailable(what: str, retry_after: int = 1) -> Problem:
    """503 `unavailable`; not stored under the key, so that repeating it does it."""
    return Problem(
        503,
        "unavailable",
        "Not available for the moment",
        f"{what} is out of reach; repeat the request with the same idempotency key",
        headers={"Retry-After": str(retry_after)},
    )
