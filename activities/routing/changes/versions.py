"""Which version of each merchant account or policy was approved last, or is proposed already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from activities.routing.changes.change import Change, Subject
from activities.routing.changes.changes import Changes
from workflows.domain.routing.account_documents import read_account, write_account
from workflows.domain.routing.policy.reading import read_policy
from workflows.domain.routing.policy.writing import write_policy
from workflows.domain.routing.proofs.flaws import PolicyRefused

_LATEST = "SELECT name, max(version) AS version FROM routing_approved WHERE subject = $1 GROUP BY 1"


async def approved_versions(pool: asyncpg.Pool, subject: Subject) -> Mapping[str, int]:
    """By name; one round trip. What only the settings list has none."""
    return {row["name"]: row["version"] for row in await pool.fetch(_LATEST, subject)}


async def open_twin(
    changes: Changes,
    subject: Subject,
    name: str,
    document: Mapping[str, Any],
    *,
    reason: str,
    by: str,
) -> Change | None:
    """The same proposal of the same person, not decided yet; None for a document with flaws."""
    try:
        full = _in_full(subject, name, document)
    except PolicyRefused:
        return None
    for change in await changes.versions(subject, name):
        same = (change.reason, change.proposed_by) == (reason, by)
        if same and change.decision is None and change.document | {"version": 0} == full:
            return change
    return None


def _in_full(subject: Subject, name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """As it is kept, but for its version."""
    if subject is Subject.ACCOUNT:
        full = write_account(read_account(dict(document)))
    else:
        full = write_policy(read_policy({**document, "id": name, "version": 1}))
    return full | {"version": 0}
