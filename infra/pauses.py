"""Looking again and again: often while there is something to find, seldom while there is not."""

from __future__ import annotations


class Pause:
    """Seconds until the next look: each in vain doubles them, up to `longest`."""

    def __init__(self, shortest: float, longest: float) -> None:
        self._shortest = shortest
        self._longest = longest
        self._seconds = shortest

    def after(self, *, found: bool) -> float:
        """Of a look that found something, or nothing."""
        if found:
            self._seconds = self._shortest
            return self._seconds
        seconds, self._seconds = self._seconds, min(self._seconds * 2, self._longest)
        return seconds
