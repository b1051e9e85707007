"""A circuit breaker: closed → open → half open, over counts, one per PSP, account and method.

A decline is an answer and never opens it. What counts is that no answer came, or came too late.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, kw_only=True)
class Settings:
    in_a_row: int = 5
    """Failures one after the other that open it, however good the minutes before were."""
    share: int = 50
    """Or so many percent of failures among at least `enough` attempts."""
    enough: int = 10
    open_seconds: int = 15
    growth: int = 2
    """Each time it opens again without having closed, it stays open so many times longer."""
    longest_open_seconds: int = 600
    probes: int = 3
    """Good answers that close it; as many are let through at a time."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Attempts that ended within the sliding window and began at or after `Breaker.since`: a slow
    one from before it opened is no failed probe. `answered`: approvals and declines in good time;
    `failed`: technical failures and answers that came late."""

    answered: int = 0
    failed: int = 0
    failed_in_a_row: int = 0
    """Up to now: any answer in good time begins anew."""


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Times are seconds of any one clock."""

    state: State = State.CLOSED
    since: float = 0.0
    """When it entered the state: what it is told has happened since then."""
    opened: int = 0
    """How often it opened without closing in between."""


@dataclass(frozen=True)
class Changed:
    """What operators see."""

    before: State
    after: State
    at: float
    reason: str


def open_for(breaker: Breaker, settings: Settings) -> int:
    """Seconds: exponential up to the cap."""
    doublings = min(max(breaker.opened - 1, 0), 64)
    grown: int = settings.open_seconds * settings.growth**doublings
    return min(grown, settings.longest_open_seconds)


def advance(
    breaker: Breaker, window: Window, now: float, settings: Settings
) -> tuple[Breaker, tuple[Changed, ...]]:
    """The state at `now`; itself and no event where nothing changes."""
    found = _next(breaker, window, now, settings)
    if found is None:
        return breaker, ()
    state, reason = found
    opened = {State.CLOSED: 0, State.OPEN: breaker.opened + 1, State.HALF_OPEN: breaker.opened}
    after = Breaker(state=state, since=now, opened=opened[state])
    return after, (Changed(breaker.state, state, now, reason),)


def _next(
    breaker: Breaker, window: Window, now: float, settings: Settings
) -> tuple[State, str] | None:
    match breaker.state:
        case State.CLOSED:
            why = _failing(window, settings)
            return None if why is None else (State.OPEN, why)
        case State.OPEN:
            wait = open_for(breaker, settings)
            over = now - breaker.since >= wait
            return (State.HALF_OPEN, f"{wait} s are over") if over else None
        case State.HALF_OPEN:
            if window.failed:
                return State.OPEN, "a probe failed"
            closes = window.answered >= settings.probes
            return (State.CLOSED, f"{window.answered} probes were answered") if closes else None


def _failing(window: Window, settings: Settings) -> str | None:
    if window.failed_in_a_row >= settings.in_a_row:
        return f"{window.failed_in_a_row} attempts in a row failed or came late"
    attempts = window.answered + window.failed
    if attempts >= settings.enough and window.failed * 100 >= settings.share * attempts:
        return f"{window.failed} of {attempts} attempts failed or came late"
    return None


def may_probe(breaker: Breaker, under_way: int, settings: Settings) -> bool:
    """Whether one more payment may try a half-open account; `under_way`: not yet answered."""
    return breaker.state is State.HALF_OPEN and under_way < settings.probes
