"""Changing merchant accounts and policies: one person proposes, another one decides.

What is approved counts from the next payment on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

from activities.routing.changes.change import Change, ChangeDecision, ChangeRefused, Subject, Why
from activities.routing.changes.judging import judge_account, judge_policy
from activities.routing.snapshot import Snapshot
from activities.routing.snapshots import Snapshots
from workflows.domain.routing.accounts import ANY, key_of_account

_TRIES = 5

_CHANGES = """
SELECT c.id, c.subject, c.name, c.brand, c.version, c.based_on, c.document, c.reason,
    c.proposed_by, c.proposed_at, d.decision, d.reason AS decision_reason, d.decided_by,
    d.decided_at,
    d.id IS NULL AND c.based_on <> routing_active_version(c.subject, c.name) AS stale
FROM routing_changes c LEFT JOIN routing_decisions d ON d.change_id = c.id
"""
_ONE = f"{_CHANGES} WHERE c.id = $1"
_VERSIONS = f"{_CHANGES} WHERE c.subject = $1 AND c.name = $2 ORDER BY c.version DESC LIMIT $3"
_LISTED = f"""{_CHANGES}
WHERE ($1::boolean IS NULL OR (d.id IS NULL) = $1) AND ($2::text IS NULL OR c.subject = $2)
  AND ($3::text[] @> '{{*}}' OR c.brand = ANY ($3)) AND ($4::bigint IS NULL OR c.id < $4)
ORDER BY c.id DESC LIMIT $5
"""


class Changes:
    """`psps`: those that this installation speaks to; an account at another one is refused."""

    def __init__(self, pool: asyncpg.Pool, snapshots: Snapshots, psps: Collection[str]) -> None:
        self._pool = pool
        self._snapshots = snapshots
        self._psps = psps

    async def propose_account(
        self, document: object, *, reason: str, by: str, based_on: int | None = None
    ) -> Change:
        """`based_on`: the version that was edited (0: none), to be told if it is not active now.

        Raises PolicyRefused with the flaws of the document, or ChangeRefused.
        """
        snapshot = await self._snapshots.latest()
        profile, full = await judge_account(document, snapshot, self._snapshots, self._psps)
        name = key_of_account(profile.account)
        return await self._propose(Subject.ACCOUNT, name, ANY, full, based_on, reason, by)

    async def propose_policy(
        self,
        policy_id: str,
        document: object,
        *,
        brand: str,
        reason: str,
        by: str,
        based_on: int | None = None,
    ) -> Change:
        """The document without id and version, which are given to it. Raises as for accounts."""
        full = await judge_policy(policy_id, document, await self._snapshots.latest())
        return await self._propose(Subject.POLICY, policy_id, brand, full, based_on, reason, by)

    async def decide(
        self, change_id: int, decision: ChangeDecision, *, reason: str, by: str
    ) -> Change:
        """By another person; an approved change is judged again, against what is active now.

        Deciding the same again is deciding once. Raises PolicyRefused or ChangeRefused.
        """
        for _ in range(_TRIES):
            snapshot = await self._snapshots.latest()
            change = await self.change(change_id)
            if change is None:
                raise ChangeRefused(Why.UNKNOWN)
            if decision is ChangeDecision.APPROVE and change.decision is None:
                await self._judge(change, snapshot)
            outcome = await self._pool.fetchval(
                "SELECT routing_decide($1, $2, $3, $4, $5)",
                change_id,
                decision,
                reason,
                by,
                snapshot.generation,
            )
            if outcome == "decided":
                return await self._known(change_id)
            if outcome != Why.MOVED:
                raise ChangeRefused(Why(outcome))
        raise ChangeRefused(Why.MOVED)

    async def change(self, change_id: int) -> Change | None:
        row = await self._pool.fetchrow(_ONE, change_id)
        return None if row is None else _change(row)

    async def listed(
        self,
        brands: Collection[str],
        *,
        is_open: bool | None = None,
        subject: Subject | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Change]:
        """Newest first, those of the brands (`*` is all); `before`: an id, for the rest."""
        rows = await self._pool.fetch(_LISTED, is_open, subject, list(brands), before, limit)
        return [_change(row) for row in rows]

    async def versions(self, subject: Subject, name: str, limit: int = 50) -> Sequence[Change]:
        """Every proposed version of a name, newest first."""
        return [_change(row) for row in await self._pool.fetch(_VERSIONS, subject, name, limit)]

    async def _judge(self, change: Change, snapshot: Snapshot) -> None:
        if change.stale:
            raise ChangeRefused(Why.STALE)
        if change.subject is Subject.ACCOUNT:
            await judge_account(change.document, snapshot, self._snapshots, self._psps)
        else:
            await judge_policy(change.name, change.document, snapshot)

    async def _propose(
        self,
        subject: Subject,
        name: str,
        brand: str,
        document: dict[str, Any],
        based_on: int | None,
        reason: str,
        by: str,
    ) -> Change:
        row = await self._pool.fetchrow(
            "SELECT * FROM routing_propose($1, $2, $3, $4, $5, $6, $7)",
            subject,
            name,
            brand,
            document,
            based_on,
            reason,
            by,
        )
        if row is None or row["outcome"] != "proposed":
            raise ChangeRefused(Why(row["outcome"]) if row else Why.UNKNOWN)
        return await self._known(row["change_id"])

    async def _known(self, change_id: int) -> Change:
        change = await self.change(change_id)
        if change is None:
            raise LookupError(f"change {change_id} is not there any more")
        return change


def _change(row: asyncpg.Record) -> Change:
    fields = dict(row)
    decision = fields.pop("decision")
    return Change(
        **fields | {"subject": Subject(fields["subject"])},
        decision=ChangeDecision(decision) if decision else None,
    )
