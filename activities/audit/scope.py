"""How much one audit reads, and how patient it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Scope:
    """How long something may be under way, and how much is read. None reads everything."""

    patience: timedelta = timedelta(minutes=5)
    waiting: timedelta = timedelta(hours=25)
    """How long an event may wait for a payment that we do not know, before it must have a case."""
    rows_per_table: int | None = None
    histories: int | None = 500
    described_runs: int = 1000
    logs: Sequence[Path] = ()
    psp: str = "sandbox"
    """Whose book the journal is."""


STANDARD = Scope()
