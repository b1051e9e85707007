"""`python -m activities.migrations`: bring the database up to date, then end."""

from __future__ import annotations

import asyncio
import sys

import asyncpg
from sqlalchemy.exc import DBAPIError

from activities.migrations import upgrade
from activities.settings import settings
from infra.postgres import unreachable, wrong_setting
from infra.settings import Postgres, SettingsError


def main() -> int:
    try:
        asyncio.run(_upgrade(settings().postgres))
    except SettingsError as wrong:
        return _refused(wrong, 2)
    except (asyncpg.PostgresError, DBAPIError) as failure:
        return _refused(f"the database could not be migrated: {str(failure).splitlines()[0]}", 1)
    return 0


async def _upgrade(at: Postgres) -> None:
    variable = "PAYSAGA_POSTGRES_MIGRATION_URL" if at.migration_url else "PAYSAGA_POSTGRES_URL"
    try:
        await upgrade(at)
    except (OSError, asyncpg.InterfaceError) as failure:
        raise unreachable(failure, variable) from None
    except (asyncpg.PostgresError, DBAPIError) as failure:
        raise wrong_setting(failure, variable) or failure from None


def _refused(why: object, code: int) -> int:
    print(why, file=sys.stderr)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
