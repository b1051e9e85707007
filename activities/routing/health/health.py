"""What this worker sees of the PSPs, told to the breakers that all workers share.

Calls never wait for it: it is kept in memory and told a moment later, and dropped while the
database is away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from activities.routing.health.breakers import Breakers
from activities.routing.health.observation import Key, Observation
from infra.postgres import OUTAGES
from workflows.domain.psp import Approved, Declined, MerchantAccount, Outcome, Pending
from workflows.domain.routing.accounts import ANY

FLUSH_SECONDS = 0.25
TEND_SECONDS = 1.0
MOST_KEPT = 10_000

log = structlog.get_logger("paysaga.health")


class SharedWatch:
    """`slow_seconds`: a call that takes longer has failed, whatever becomes of it, and is told
    while it still lasts."""

    def __init__(self, breakers: Breakers, slow_seconds: float) -> None:
        self._breakers = breakers
        self._slow = slow_seconds
        self._seen: list[tuple[Key, float, bool]] = []
        self._dropped = 0
        self._urgent = asyncio.Event()
        self._open_until: dict[Key, float] = {}
        self._tended_at = float("-inf")
        self._away = False

    def refuses(self, account: MerchantAccount, method: str) -> bool:
        if not self._open_until:
            return False
        never = float("-inf")
        until = max(self._open_until.get(_key(account, each), never) for each in (method, ""))
        return time.monotonic() < until

    def begun(self, account: MerchantAccount, method: str) -> Callable[[Outcome | None], None]:
        key, began, counted = _key(account, method), time.monotonic(), False

        def is_late() -> None:
            nonlocal counted
            counted = True
            self._see(key, began, failed=True)

        def ended(outcome: Outcome | None) -> None:
            late.cancel()
            if outcome is not None and not counted:
                answered = isinstance(outcome, Approved | Declined | Pending)
                in_time = time.monotonic() - began < self._slow
                self._see(key, began, failed=not (answered and in_time))

        late = asyncio.get_running_loop().call_later(self._slow, is_late)
        return ended

    async def run(self) -> None:
        """Tell for ever, at once what failed; an outage of the database is waited out."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Tell what was seen until now, and learn what is open."""
        self._urgent.clear()
        seen, self._seen = self._seen, []
        try:
            if seen:
                now = time.monotonic()
                await self._breakers.observe(
                    [Observation(key, now - began, failed) for key, began, failed in seen]
                )
            failed = any(failed for _, _, failed in seen)
            if failed or time.monotonic() - self._tended_at >= TEND_SECONDS:
                at = self._tended_at = time.monotonic()
                is_open = await self._breakers.tend()
                self._open_until = {key: at + seconds for key, seconds in is_open.items()}
        except OUTAGES as down:
            self._lost(len(seen), type(down).__name__)
        else:
            self._found_again()

    def _see(self, key: Key, began: float, *, failed: bool) -> None:
        if len(self._seen) >= MOST_KEPT:
            self._dropped += 1
            return
        self._seen.append((key, began, failed))
        if failed:
            self._urgent.set()

    def _lost(self, count: int, error: str) -> None:
        self._dropped += count
        # What was known of PSPs grows old, and a payment is better tried than refused by it.
        self._open_until = {}
        self._tended_at = time.monotonic()
        if not self._away:
            log.warning("health_unreachable", error=error, dropped=self._dropped)
        self._away = True

    def _found_again(self) -> None:
        if self._dropped:
            log.warning("health_dropped", calls=self._dropped)
        self._dropped, self._away = 0, False


def _key(account: MerchantAccount, method: str) -> Key:
    return Key(account.psp, account.id, method or ANY)
