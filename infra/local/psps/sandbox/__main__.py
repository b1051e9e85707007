"""`python -m infra.local.psps.sandbox`: the sandbox PSP, until told to stop."""

from __future__ import annotations

import asyncio
import sqlite3

from infra.local.psps.base.process import CannotListen, give_up, listen, prepare, serve
from infra.local.psps.base.settings import WrongSettings, read
from infra.local.psps.sandbox.database import Database
from infra.local.psps.sandbox.server import sandbox
from infra.local.psps.sandbox.settings import Settings

_TITLE = "the sandbox PSP"


def main() -> None:
    prepare()
    try:
        settings = read(Settings)
    except WrongSettings as wrong:
        give_up(f"the settings of {_TITLE} are wrong: {wrong}", 2)
    try:
        database = Database(settings.database)
    except (OSError, sqlite3.Error) as failure:
        give_up(f"the database {settings.database} cannot be opened: {failure}")
    try:
        asyncio.run(_serve(settings, database))
    except CannotListen as why:
        give_up(str(why))


async def _serve(settings: Settings, database: Database) -> None:
    listening = listen(_TITLE, settings)
    await serve(_TITLE, sandbox(settings, database), listening, settings.url)


if __name__ == "__main__":
    main()
