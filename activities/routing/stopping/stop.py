"""A stop by hand, what was done to it, and what it touches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflows.domain.routing.stop_scope import StopScope


@dataclass(frozen=True, kw_only=True)
class Stop(StopScope):
    id: int
    reason: str
    set_by: str
    set_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    drain_per_second: float | None
    """How fast what it parked goes on, once it is lifted."""
    waiting: int
    """Parked, and not yet let go."""
    released: int


class What(StrEnum):
    SET = "set"
    LIFTED = "lifted"
    RATE = "rate"
    """Lifted before; what waits goes on faster or slower now."""


@dataclass(frozen=True, kw_only=True)
class StopEvent:
    what: What
    reason: str
    drain_per_second: float | None
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Touched:
    """Deposits that are authorised and not captured, or payouts that were not sent."""

    payments: int
    amounts: Mapping[str, int]
    """Minor units, by currency."""
    unrouted: int
    """Besides: they may still be sent to what is to be stopped, or elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    payment_id: str
    stop_id: int
    parked_at: datetime
    brand: str
    currency: str
    minor_units: int
    status: str
