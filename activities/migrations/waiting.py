"""Waiting until the schema is as new as this code, whoever migrates it."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog

from activities.migrations import functions, history, upgrade
from infra.postgres import new_enough, wrong_setting
from infra.settings import Postgres

_POLL_SECONDS = 1.0
_FOUND = """
SELECT version_num, EXISTS (SELECT FROM functions_applied WHERE digest = $1) AS has_had_ours
FROM alembic_version
"""
"""Functions that it has had, and has others now, are newer ones."""

log = structlog.get_logger("paysaga.migrations")


async def wait_until_current(at: Postgres) -> None:
    """Return once tables and functions are at least as new as this code, migrating them if we may.

    A schema that is newer is fine: migrations only add what older code does not miss. A database
    that cannot be reached is waited for. Raises SettingsError for a role, password, database or
    version that no waiting mends.
    """
    while True:
        try:
            if await _is_current(at):
                return
            await upgrade(at)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as down:
            if wrong := wrong_setting(down):
                raise wrong from None
            log.warning(
                "database_unreachable", error=type(down).__name__, setting="PAYSAGA_POSTGRES_URL"
            )
            await asyncio.sleep(_POLL_SECONDS)
        except Exception as error:
            if wrong := wrong_setting(error):
                raise wrong from None
            if not _may_not(error):
                raise
            log.warning("schema_is_old", waiting_for="a migration by the owner")
            await asyncio.sleep(_POLL_SECONDS)


async def _is_current(at: Postgres) -> bool:
    connection = await asyncpg.connect(at.url.get_secret_value())
    try:
        new_enough(connection.get_server_version().major)
        found = await connection.fetchrow(_FOUND, functions.digest())
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()
    if found is None:
        return False
    if found["version_num"] not in history.known():
        return True
    return bool(found["version_num"] == history.known()[-1] and found["has_had_ours"])


def _may_not(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, asyncpg.InsufficientPrivilegeError):
            return True
        cause = getattr(cause, "orig", None) or cause.__cause__
    return False
