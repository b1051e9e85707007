"""The database's functions: SQL beside the group that they belong to, each as it is now.

Every migration run makes all of them anew, after the tables and before the grants, which stay
what they are. One that goes, or takes or gives something else, is dropped by a migration; until
then it is said in the log that it is there.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import structlog
from sqlalchemy import Connection

from activities.migrations.history import run_sql

_ACTIVITIES = Path(__file__).parents[1]
GROUPS = (
    "migrations",
    "access",
    "wallet",
    "registry",
    "psp",
    "reconciliation/expectations",
    "cases",
    "risk",
    "inbox",
    "seals",
    "outgoing_events",
    "routing",
    "routing/changes",
    "routing/health",
    "routing/stopping",
    "routing/learning",
    "reconciliation/bank",
    "reconciliation/matching",
)
"""In the order in which they are made: a function in plain SQL needs those that it calls, one in
PL/pgSQL only the types that it names."""

_LATEST = "SELECT digest FROM functions_applied ORDER BY id DESC LIMIT 1"
_APPLIED = "INSERT INTO functions_applied (digest) VALUES ($1)"
_LEFT_OVER = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole
  AND p.xmin <> pg_current_xact_id()::xid ORDER BY 1
"""
"""Whatever this transaction has not written."""

log = structlog.get_logger("paysaga.migrations")


@cache
def files() -> tuple[Path, ...]:
    """`functions.sql` of each group, or where that is long, all in its folder `functions`."""
    return tuple(
        file
        for group in GROUPS
        for pattern in ("functions.sql", "functions/*.sql")
        for file in sorted((_ACTIVITIES / group).glob(pattern))
    )


@cache
def digest() -> str:
    """Of all that they say: other functions, another digest."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files())).hexdigest()


def apply(connection: Connection) -> None:
    """In the transaction that there is. Raises the driver's error."""
    for file in files():
        run_sql(connection, file.read_text())
    if left_over := connection.exec_driver_sql(_LEFT_OVER).scalars().all():
        log.warning("functions_left_over", functions=left_over)
    if connection.exec_driver_sql(_LATEST).scalar() != digest():
        connection.exec_driver_sql(_APPLIED, (digest(),))
