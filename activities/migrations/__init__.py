"""The one history of the schema: SQL files in order, run by Alembic under a lock.

The application's role may read, and do what the functions and grants allow; the owner's role
migrates. With one role for both, the triggers alone keep the ledger append-only.
"""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from activities.migrations.grants import grant
from infra.postgres import engine
from infra.settings import Postgres

_LOCK = 7_265_871_002
"""Of Postgres's advisory locks: one migration at a time, whoever starts first."""
_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 3600.0
"""A migration of large tables takes long, and so does waiting for somebody else's."""

log = structlog.get_logger("paysaga.migrations")


async def upgrade(at: Postgres) -> None:
    """Bring the schema up to date, as the owner, and grant the application what it needs.

    Raises asyncpg.PostgresError or sqlalchemy.exc.DBAPIError.
    """
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
            await connection.execution_options(isolation_level="READ COMMITTED")
            await connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
            await connection.commit()
            try:
                await connection.run_sync(_upgrade)
                await connection.run_sync(grant, _role(at), _role(owner))
                await connection.commit()
            finally:
                await connection.rollback()
                await connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
                await connection.commit()
    finally:
        await migrating.dispose()


async def wait_until_current(at: Postgres) -> None:
    """Return once the schema is at least as new as this code, migrating it if we may.

    A schema that is newer is fine: migrations only add what older code does not miss. A database
    that cannot be reached is waited for.
    """
    while True:
        try:
            if await _is_current(at):
                return
            await upgrade(at)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as down:
            log.warning("database_unreachable", error=type(down).__name__)
            await asyncio.sleep(_POLL_SECONDS)
        except Exception as error:
            if not _may_not(error):
                raise
            log.warning("schema_is_old", waiting_for="a migration by the owner")
            await asyncio.sleep(_POLL_SECONDS)


async def _is_current(at: Postgres) -> bool:
    connection = await asyncpg.connect(at.url.get_secret_value())
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()
    known = [revision.revision for revision in scripts().walk_revisions()]
    return found == known[0] or found not in known


def _may_not(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, asyncpg.InsufficientPrivilegeError):
            return True
        cause = getattr(cause, "orig", None) or cause.__cause__
    return False


def _upgrade(connection: Connection) -> None:
    chosen = config()
    chosen.attributes["connection"] = connection
    command.upgrade(chosen, "head")


def _role(at: Postgres) -> str:
    return str(make_url(at.url.get_secret_value()).username)


@cache
def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("path_separator", "os")
    return made


def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())


def run_sql(connection: Any, path: str) -> None:
    """Run the SQL file beside a revision, in the migration's transaction."""
    statements = Path(path).with_suffix(".sql").read_text()
    # The driver's own simple protocol takes many statements at once.
    adapted = connection.connection.dbapi_connection
    adapted.run_async(lambda driver: driver.execute(statements))
