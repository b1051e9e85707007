"""Version 1 of a payment, as it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflows.domain.seals import digest_of


@dataclass(frozen=True, kw_only=True)
class NewPayment:
    """Version 1 of a payment."""

    kind: str
    brand: str
    region: str
    player_id: str
    currency: str
    amount_minor: int
    method: str
    status: str
    trace_id: str
    requester: str
    """The person, or the program."""
    details: dict[str, Any]
    order: dict[str, Any]
    intent_id: str | None = None
    refund_id: str | None = None
    credential: str = ""
    """With which the requester asked."""
    expires_at: str | None = None
    """RFC 3339: until then it may have no run. None: its run begins with it."""


def kept_order(order: dict[str, Any]) -> dict[str, Any]:
    """With its digest, by which its runs are known to have it."""
    return {**order, "digest": digest_of(order)}
