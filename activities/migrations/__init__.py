"""The schema: a history of tables (`history.py`), and the functions as they are now
(`functions.py`), made by one run under one lock, and granted (`grants.py`), all or nothing.

The owner's role migrates and grants; API, worker and auditor may do what was granted. With one role
for all, which production refuses, the triggers alone keep the ledger append-only.
"""

from __future__ import annotations

from activities.migrations import functions, granting, history, roles
from infra.postgres import engine, new_enough
from infra.settings import Postgres

_LOCK = 7_265_871_002
"""Of Postgres's advisory locks: one migration at a time, whoever starts first."""
_PATIENCE_SECONDS = 3600.0
"""A migration of large tables takes long, and so does waiting for somebody else's."""


async def upgrade(at: Postgres) -> None:
    """Bring the schema up to date, as the owner, and grant each role what it needs.

    Raises asyncpg.PostgresError, sqlalchemy.exc.DBAPIError, or before anything changes NoSuchRole,
    SchemaIsNewer, or SettingsError for a server that is too old.
    """
    granted = roles.roles_of(at)
    owner = at.model_copy(
        update={
            "url": at.migration_url or at.url,
            "pool_size": 1,
            "command_timeout_seconds": _PATIENCE_SECONDS,
        }
    )
    migrating = engine(owner)
    try:
        async with migrating.connect() as connection:
            new_enough(int((connection.dialect.server_version_info or (0,))[0]))
            await connection.execution_options(isolation_level="READ COMMITTED")
            await connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
            await connection.commit()
            try:
                await connection.run_sync(roles.require, granted)
                await connection.run_sync(history.migrate)
                await connection.run_sync(functions.apply)
                await connection.run_sync(granting.grant, granted)
                await connection.commit()
            finally:
                await connection.rollback()
                await connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
                await connection.commit()
    finally:
        await migrating.dispose()
