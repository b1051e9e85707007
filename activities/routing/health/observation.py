"""What a worker saw of a call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Key:
    psp: str
    account: str
    method: str
    """`*` is for calls that have none: captures, voids, refunds."""


@dataclass(frozen=True)
class Observation:
    key: Key
    ago: float
    """Seconds since the call began."""
    failed: bool
    """No answer, or none in good time. A decline is an answer."""
