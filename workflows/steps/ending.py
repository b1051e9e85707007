"""How a payment ends without its money having moved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from workflows.domain.payments import Problem

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True)
class Ending(Generic[S]):
    """A step gives it in place of what it was to bring. `problem`: why, where the state does not
    say it."""

    status: S
    problem: Problem | None = None
