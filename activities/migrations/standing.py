"""Whether a process came with a role of its own, and not with one that may do everything."""

from __future__ import annotations

import asyncpg
import structlog

from activities.migrations.grants import FUNCTIONS, Who
from activities.settings import Settings
from infra.settings import SettingsError

_ABOVE = """
SELECT r.rolname AS name, r.rolsuper OR r.rolbypassrls AS above_all,
    pg_has_role(r.oid, c.relowner, 'MEMBER') AS owns,
    ARRAY(
        SELECT DISTINCT p.proname FROM pg_proc p
        WHERE p.pronamespace = c.relnamespace AND p.proname = ANY($1)
          AND has_function_privilege(r.oid, p.oid, 'EXECUTE') ORDER BY 1
    ) AS others
FROM pg_roles r, pg_class c WHERE r.rolname = current_user AND c.oid = 'payments'::regclass
"""

log = structlog.get_logger("paysaga.postgres")


async def require_own_role(settings: Settings, who: Who) -> None:
    """In production; elsewhere it is said once in the log.

    Raises SettingsError, asyncpg.PostgresError or OSError.
    """
    connection = await asyncpg.connect(settings.postgres.url.get_secret_value())
    try:
        row = await connection.fetchrow(_ABOVE, sorted(_only_of_others(who)))
    finally:
        await connection.close()
    assert row is not None  # noqa: S101 - the session's role is among the roles
    if row["above_all"]:
        why = "is a superuser, or stands above row-level security"
    elif row["owns"]:
        why = "owns the tables"
    elif row["others"]:
        why = f"may also call {', '.join(row['others'][:3])}"
    else:
        return
    if settings.profile == "production":
        raise SettingsError(
            f"PAYSAGA_POSTGRES_URL: the role {row['name']} {why}; the {who} needs one of its own "
            f"(PAYSAGA_POSTGRES_{who.upper()}_ROLE) that may do no more than migrations grant it"
        )
    log.warning("role_may_too_much", role=row["name"], why=why)


def _only_of_others(who: Who) -> set[str]:
    return {name for name, callers in FUNCTIONS.items() if callers and who not in callers}
