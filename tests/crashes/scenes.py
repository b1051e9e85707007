"""Who dies where, and what comes then: every flow, every point, every rival."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.crashes.flows import Flow
from workers.crash_points import CrashPoint

_READS = ("risk.screen:after", "registry.recall:after", "psp.look_up:after")
"""A look leaves nothing behind: who dies after it dies where it began."""
_AS_THEY_COME = ("seals.check:before", "seals.check:after")
"""The same, and how many facts come in time to be checked is up to the PSP: who dies there has
accepted a message and done nothing, as at the point that follows."""


class Dies(StrEnum):
    WORKER = "the worker"
    """What the PSP had answered to it comes by webhook as well, beside the rival."""
    BOTH = "the worker and Temporal"
    """What Temporal had accepted and not written is gone as well."""


@dataclass(frozen=True)
class Scene:
    flow: Flow
    point: CrashPoint
    dies: Dies
    rival: str

    def __str__(self) -> str:
        return f"{self.flow.name}: {self.dies} dies at {self.point}, then {self.rival}"


def scenes_of(
    flows: Iterable[Flow], points: Mapping[str, Sequence[CrashPoint]], *, everything: bool
) -> list[Scene]:
    """Each flow and point, with its rivals and the two deaths in turn; `everything`: with each."""
    return [
        Scene(flow, point, dies, rival)
        for flow in flows
        for number, point in enumerate(_of(flow, points[flow.name]))
        for other, rival in enumerate(flow.rivals)
        if everything or other == number % len(flow.rivals)
        for dies in (Dies if everything else [list(Dies)[(number // len(flow.rivals)) % 2]])
    ]


def _of(flow: Flow, passed: Sequence[CrashPoint]) -> list[CrashPoint]:
    """Those that leave something behind, up to where the flow is left alone."""
    names = [point.name for point in passed]
    end = next((i for i, name in enumerate(names) if flow.until and name == flow.until), None)
    return [point for point in passed[:end] if point.name not in _READS + _AS_THEY_COME]
