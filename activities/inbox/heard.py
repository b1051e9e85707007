"""Webhooks that were heard, for people: looked at, and delivered again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    """A run has it."""
    PARKED = "parked"
    """No run took it: it waits for a person."""
    REPEATED = "repeated"
    """It says what another event has said: its run was told by that."""


@dataclass(frozen=True, kw_only=True)
class HeardListing:
    """Which events to list, the newest first."""

    brands: Collection[str]
    """Those that the caller may see, `*` for all: and then also what is about nobody's payment."""
    psp: str | None = None
    payment_id: str | None = None
    event_id: str | None = None
    state: State | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True)
class HeardEvent:
    id: int
    psp: str
    event_id: str
    payment_id: str
    event: dict[str, Any]
    """A PspEvent as JSON: what the webhook said, in our words."""
    received_at: datetime
    next_at: datetime
    attempts: int
    refusals: int
    delivered_at: datetime | None
    parked: str | None
    escalated_at: datetime | None
    state: str
    brand: str | None
    """None: of a payment that is not known."""


@dataclass(frozen=True)
class Redelivery:
    was: str
    by: str
    reason: str
    at: datetime
