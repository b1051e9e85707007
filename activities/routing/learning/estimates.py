"""What a policy would have done with the payments of the past, before anybody switches it on."""

from __future__ import annotations

from contextlib import aclosing
from datetime import datetime
from typing import TypeVar

import asyncpg

from activities.routing.changes.change import Subject
from activities.routing.learning.apart import Judge, Question, judged
from activities.routing.learning.estimated import About, Estimated, Replayed
from activities.routing.learning.segmentation import segmentations
from activities.routing.learning.statistics import count
from activities.routing.learning.traffic import Reading, Traffic
from activities.routing.snapshots import Snapshots
from workflows.domain.routing.accounts import ANY
from workflows.domain.routing.learning.estimate import estimate, replay_plain
from workflows.domain.routing.learning.statistics import Statistics
from workflows.domain.routing.policy.reading import read_policy
from workflows.domain.routing.policy.rules import Policy

T = TypeVar("T")

MOST_PAYMENTS = 200_000
MOST_MOVED = 1000

_VERSION = """
SELECT brand, document FROM routing_changes
WHERE subject = $1 AND name = $2 AND ($3::integer IS NULL OR version = $3)
ORDER BY version DESC LIMIT 1
"""


class Estimates:
    """Each in a process of its own; how many there are at once is for the asker to bound."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        snapshots: Snapshots,
        most: int = MOST_PAYMENTS,
        *,
        counting: asyncpg.Pool | None = None,
    ) -> None:
        """`counting`: sees every brand's payments, as the counts do that policies learn from."""
        self._pool, self._counting = pool, counting or pool
        self._snapshots = snapshots
        self._most = most

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
        learning = segmentations([policy])
        counts = await count(self._counting, learning, begin) if learning else Statistics()
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
