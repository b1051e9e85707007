"""`python -m activities.migrations`: bring the database up to date, then end."""

from __future__ import annotations

import asyncio
import sys

import asyncpg
from sqlalchemy.exc import DBAPIError

from activities.migrations import upgrade
from infra.settings import SettingsError, settings


def main() -> int:
    try:
        asyncio.run(upgrade(settings().postgres))
    except SettingsError as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201
        return 2
    except (OSError, asyncpg.PostgresError, DBAPIError) as failure:
        print(f"the database could not be migrated: {failure}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
