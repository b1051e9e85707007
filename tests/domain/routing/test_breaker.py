"""A dead PSP costs a handful of attempts; a PSP that declines is well."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workflows.domain.routing.breaker import (
    Breaker,
    Changed,
    Settings,
    State,
    Window,
    advance,
    may_probe,
    open_for,
)

USUAL = Settings()


class Psp:
    """A PSP under traffic, whose breaker is told of every attempt as it ends."""

    def __init__(self, settings: Settings = USUAL) -> None:
        self.settings = settings
        self.breaker, self.now = Breaker(), 0.0
        self.events: list[Changed] = []
        self.seen: list[tuple[float, bool]] = []

    def attempt(self, *, answered: bool) -> bool:
        """False: the breaker let nobody through."""
        self.tick(0)
        if self.breaker.state is State.OPEN:
            return False
        self.seen.append((self.now, answered))
        self.tick(0)
        return True

    def tick(self, seconds: float) -> None:
        self.now += seconds
        since = max(self.breaker.since, self.now - 60)
        recent = [good for at, good in self.seen if at >= since]
        row = next((n for n, good in enumerate(reversed(recent)) if good), len(recent))
        window = Window(answered=sum(recent), failed=recent.count(False), failed_in_a_row=row)
        self.breaker, events = advance(self.breaker, window, self.now, self.settings)
        self.events += events
        if events:
            self.seen.clear()


@given(st.integers(0, 10**6))
def test_answers_never_open_it_whether_they_are_approvals_or_declines(answered: int) -> None:
    breaker, events = advance(Breaker(), Window(answered=answered), 1.0, USUAL)
    assert (breaker.state, events) == (State.CLOSED, ())


def test_a_psp_that_dies_after_a_good_hour_costs_five_attempts() -> None:
    psp = Psp()
    for _ in range(1000):
        assert psp.attempt(answered=True)
    slow = 0
    while psp.attempt(answered=False):
        slow += 1
        assert slow <= 5
    assert slow == 5
    assert psp.breaker.state is State.OPEN
    assert psp.events[-1].reason == "5 attempts in a row failed or came late"


def test_a_psp_that_fails_every_other_time_is_opened_by_its_share() -> None:
    psp = Psp()
    attempts = 0
    while psp.attempt(answered=attempts % 2 == 0):
        attempts += 1
        assert attempts <= USUAL.enough
    assert psp.events[-1].reason == "5 of 10 attempts failed or came late"


def test_a_few_failures_among_many_answers_open_nothing() -> None:
    psp = Psp()
    for number in range(500):
        assert psp.attempt(answered=number % 5 != 0)
    assert psp.events == []


def test_good_probes_close_it() -> None:
    psp = Psp()
    while psp.attempt(answered=False):
        pass
    psp.tick(USUAL.open_seconds)
    for _ in range(USUAL.probes):
        assert psp.breaker.state is State.HALF_OPEN
        assert psp.attempt(answered=True)
    assert psp.breaker == Breaker(state=State.CLOSED, since=psp.now, opened=0)
    changes = [(event.before, event.after) for event in psp.events]
    assert changes == [
        (State.CLOSED, State.OPEN),
        (State.OPEN, State.HALF_OPEN),
        (State.HALF_OPEN, State.CLOSED),
    ]


def test_a_failed_probe_opens_it_for_twice_as_long_up_to_a_cap() -> None:
    psp = Psp(Settings(longest_open_seconds=100))
    while psp.attempt(answered=False):
        pass
    waits = []
    for _ in range(5):
        wait = open_for(psp.breaker, psp.settings)
        waits.append(wait)
        psp.tick(wait - 0.1)
        assert not psp.attempt(answered=True)
        psp.tick(0.1)
        assert psp.attempt(answered=False)
        assert psp.breaker.state is State.OPEN
    assert waits == [15, 30, 60, 100, 100]
    assert open_for(Breaker(state=State.OPEN, opened=10**6), psp.settings) == 100


def test_only_so_many_probes_are_under_way() -> None:
    half_open = Breaker(state=State.HALF_OPEN)
    assert may_probe(half_open, 0, USUAL) and may_probe(half_open, USUAL.probes - 1, USUAL)
    assert not may_probe(half_open, USUAL.probes, USUAL)
    assert not may_probe(Breaker(state=State.OPEN), 0, USUAL)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=200))
def test_every_change_is_told_once_and_follows_the_one_before(
    steps: list[tuple[bool, int]],
) -> None:
    psp = Psp()
    for answered, seconds in steps:
        psp.attempt(answered=answered)
        psp.tick(seconds)
    state, allowed = (
        State.CLOSED,
        {
            (State.CLOSED, State.OPEN),
            (State.OPEN, State.HALF_OPEN),
            (State.HALF_OPEN, State.OPEN),
            (State.HALF_OPEN, State.CLOSED),
        },
    )
    for event in psp.events:
        assert event.before is state and (event.before, event.after) in allowed
        state = event.after
    assert psp.breaker.state is state
