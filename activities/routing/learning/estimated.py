"""What an estimate or a replay found, and by which payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workflows.domain.routing.learning.estimate import Estimate, Moved


@dataclass(frozen=True, kw_only=True)
class About:
    """A policy, and which payments it was judged by."""

    brand: str
    """Of the policy; `*` stands for the brands that have none of their own."""
    version: int
    payments: int
    complete: bool
    """False: there were more than are looked at, and these are the newest of them."""


@dataclass(frozen=True, kw_only=True)
class Estimated(About):
    estimate: Estimate


@dataclass(frozen=True, kw_only=True)
class Replayed(About):
    moved: int
    """How many would have gone elsewhere first."""
    first: Sequence[Moved]
    """The newest of them, at most `MOST_MOVED`."""
