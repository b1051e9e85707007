"""How often somebody may be wrong: a bucket of tries for each address and each prefix of a token.

Kept here in memory, for this process. Libraries for it keep an entry for every key they ever see
until it expires, and who guesses chooses the keys: this one forgets the oldest beyond a bound.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address

_KEYS_AT_MOST = 10_000
_IPV6_NETWORK = 64


class Guesses:
    """So many at once, and so many again in a minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By key: what was left, and when. Who is not here has everything left."""

    def wait(self, key: str) -> int:
        """The seconds until the next guess; 0: now."""
        left = self._left_of(key)
        return 0 if left >= 1 else math.ceil((1 - left) / self._per_second)

    def spend(self, key: str) -> int:
        """One guess was wrong. Gives the seconds until the next one if there was none left."""
        wait = self.wait(key)
        if wait == 0:
            self._left[key] = (self._left_of(key) - 1, self._clock())
            self._left.move_to_end(key)
            if len(self._left) > _KEYS_AT_MOST:
                self._left.popitem(last=False)
        return wait

    def __len__(self) -> int:
        return len(self._left)

    def _left_of(self, key: str) -> float:
        left, at = self._left.get(key, (self._most, 0.0))
        return min(self._most, left + (self._clock() - at) * self._per_second)


def neighbourhood(source: str | None) -> str:
    """Whoever has one address of an IPv6 network has all of it."""
    try:
        address = ip_address(source or "")
    except ValueError:
        return source or "nowhere"
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_NETWORK), strict=False))
    return str(address)
