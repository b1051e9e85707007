"""What a policy would have done with the payments of the past, before anybody switches it on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import asyncpg

from activities.routing.apart import Judge, Question, judged
from activities.routing.change import Subject
from activities.routing.segmentation import segmentations
from activities.routing.snapshot import Snapshots
from activities.routing.statistics import count
from activities.routing.traffic import Reading, Traffic
from workflows.domain.routing.accounts import ANY
from workflows.domain.routing.estimate import Estimate, Moved, estimate, replay_plain
from workflows.domain.routing.reading import read_policy
from workflows.domain.routing.rules import Policy
from workflows.domain.routing.statistics import Statistics

T = TypeVar("T")

MOST_PAYMENTS = 200_000
MOST_MOVED = 1000

_VERSION = """
SELECT brand, document FROM routing_changes
WHERE subject = $1 AND name = $2 AND ($3::integer IS NULL OR version = $3)
ORDER BY version DESC LIMIT 1
"""


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


class Estimates:
    """One at a time in a process."""

    def __init__(self, pool: asyncpg.Pool, snapshots: Snapshots, most: int = MOST_PAYMENTS) -> None:
        self._pool = pool
        self._snapshots = snapshots
        self._most = most
        self._turn = asyncio.Lock()

    async def policy(self, policy_id: str, version: int | None) -> tuple[str, Policy]:
        """Its brand and the policy at this version, or at the latest that anybody proposed.

        Raises LookupError.
        """
        row = await self._pool.fetchrow(_VERSION, Subject.POLICY, policy_id, version)
        if row is None:
            raise LookupError(f"there is no such version of {policy_id}")
        return row["brand"], read_policy(row["document"])

    async def estimate(
        self, policy_id: str, version: int | None, begin: datetime, end: datetime
    ) -> Estimated:
        """Of payments opened from `begin` up to `end`. Raises LookupError, EndedEarly."""
        about, found = await self._judged(estimate, policy_id, version, begin, end)
        return Estimated(**vars(about), estimate=found)

    async def replay(
        self, policy_id: str, version: int | None, begin: datetime, end: datetime
    ) -> Replayed:
        """Which of them would have gone elsewhere first. Raises LookupError, EndedEarly."""
        about, moved = await self._judged(replay_plain, policy_id, version, begin, end)
        return Replayed(**vars(about), moved=len(moved), first=moved[:MOST_MOVED])

    async def _judged(
        self, judge: Judge[T], policy_id: str, version: int | None, begin: datetime, end: datetime
    ) -> tuple[About, T]:
        brand, policy = await self.policy(policy_id, version)
        snapshot = await self._snapshots.latest()
        own = [one for one in snapshot.policies if one != ANY]
        traffic = Traffic(
            begin=begin,
            end=end,
            brands=None if brand == ANY else [brand],
            without=own if brand == ANY else [],
        )
        async with self._turn:
            learning = segmentations([policy])
            counts = await count(self._pool, learning, begin) if learning else Statistics()
            question = Question(judge, policy, snapshot.accounts, counts)
            reading = Reading(self._pool, traffic, self._most)
            async with aclosing(reading.batches()) as batches:
                answer = await judged(question, batches)
        about = About(
            brand=brand,
            version=policy.version,
            payments=reading.payments,
            complete=reading.complete,
        )
        return about, answer
