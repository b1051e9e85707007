"""An idempotency key as it is claimed, and what was answered under it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import asyncpg


@dataclass(frozen=True, kw_only=True)
class Action:
    """Who has something done, and from where; never what a body said."""

    actor: str
    """The credential's name."""
    person: str
    remote: str | None
    what: str
    """Method and route."""
    reason: str | None
    trace_id: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    brand: str
    key: str
    request_hash: str
    """Of method, path and business parameters."""
    resource_id: str
    """Used when the key is new; otherwise the first request's resource id counts."""
    action: Action | None = None
    """Written down with the claim of a new key."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    """JSON text, given again byte for byte."""


@dataclass(frozen=True)
class Claimed:
    resource_id: str
    first: bool
    answer: Answer | None
    """None while nobody has answered yet: do it (again) under the same resource id."""


class KeyReused(Exception):
    """The key was used for another request."""


class RefundIdTaken(Exception):
    """The brand has another refund of that refund_id."""


def written_action(action: Action | None) -> dict[str, Any] | None:
    return None if action is None else asdict(action)


def claimed_of(row: asyncpg.Record | None, claim: Claim) -> Claimed:
    if row is None:
        raise LookupError("a claim gave no row")
    if row["refund_id_taken"]:
        raise RefundIdTaken
    if row["request_hash"] != claim.request_hash:
        raise KeyReused
    answered = row["answer_status"] is not None
    return Claimed(
        resource_id=row["resource_id"],
        first=row["first"],
        answer=Answer(row["answer_status"], row["answer_body"]) if answered else None,
    )
