"""One fault after the other under load, each with the time it takes to get over it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.faults import Fault
from tests.chaos.ground import Ground
from tests.chaos.load import Load
from tests.chaos.platform import Diary, LetDown

RECOVERED_WITHIN_SECONDS = 90.0
_BEFORE_SECONDS = 0.7
_CANARY_EVERY_SECONDS, _CANARY_AT_LEAST_EVERY_SECONDS = 0.7, 3.0


@dataclass(frozen=True)
class Blow:
    """What one fault did. Seconds from its end until a new deposit went through again."""

    fault: Fault
    under_way: int
    """Flows that were under way while it lasted and until it was over."""
    repeated: int
    """Questions of the platform that got no answer in that time."""
    recovered_seconds: float | None


class Drill:
    def __init__(self, at: Ground, load: Load, diary: Diary, say: Callable[[str], None]) -> None:
        self._at, self._load, self._diary, self._say = at, load, diary, say
        self._canaries = itertools.count(1)

    async def suffer(self, fault: Fault, payments: int) -> Blow:
        """The fault strikes while its share of the payments is begun."""
        self._load.release(payments, fault.seconds + _BEFORE_SECONDS + 1.0)
        await asyncio.sleep(_BEFORE_SECONDS)
        begin, repeated = time.monotonic(), self._diary.retries.total()
        async with fault.strike(self._at):
            await asyncio.sleep(fault.seconds)
        recovered = await self._recovery()
        blow = Blow(
            fault,
            self._load.under_way_between(begin, time.monotonic()),
            self._diary.retries.total() - repeated,
            recovered,
        )
        when = "not within the time" if recovered is None else f"after {recovered:.1f} s"
        self._say(f"{fault.name}: recovered {when}")
        return blow

    async def _recovery(self) -> float | None:
        """A new canary sets out every now and then; the first that arrives tells."""
        healed, arrived, pause = time.monotonic(), asyncio.Event(), _CANARY_EVERY_SECONDS
        while time.monotonic() - healed < RECOVERED_WITHIN_SECONDS:
            self._load.start(self._canary(arrived))
            try:
                async with asyncio.timeout(pause):
                    await arrived.wait()
                return time.monotonic() - healed
            except TimeoutError:
                pause = min(pause * 1.1, _CANARY_AT_LEAST_EVERY_SECONDS)
        return None

    async def _canary(self, arrived: asyncio.Event) -> None:
        """A deposit whose result comes by webhook, so that every process has its part in it."""
        errand = self._load.errand(f"canary-{next(self._canaries)}")
        try:
            seen = await errand.deposit("1.00 EUR", "tok_async")
        except LetDown:
            return
        if seen["status"] == "CAPTURED":
            arrived.set()
