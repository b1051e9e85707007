"""How much may be asked of one receiver at a time: its slots, and one probe while it is dead.

A receiver that refuses one event is alive: only silence and its own troubles count against it.
"""

from __future__ import annotations

SLOTS = 16
FAILURES_TO_OPEN = 5
PROBE_SECONDS = 5.0


class Circuit:
    """All times are seconds of one monotonic clock."""

    def __init__(self, slots: int = SLOTS, probe_seconds: float = PROBE_SECONDS) -> None:
        self._slots = slots
        self._probe_seconds = probe_seconds
        self._in_flight = 0
        self._failures = 0
        self._next_probe = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES_TO_OPEN

    def free(self, now: float) -> int:
        """How many more events may be sent now."""
        if not self.is_open:
            return self._slots - self._in_flight
        return int(self._in_flight == 0 and now >= self._next_probe)

    def began(self) -> None:
        self._in_flight += 1

    def ended(self) -> None:
        self._in_flight -= 1

    def heard(self, *, alive: bool, now: float) -> None:
        self._failures = 0 if alive else self._failures + 1
        self._next_probe = now + self._probe_seconds
