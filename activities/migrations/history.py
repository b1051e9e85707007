"""The one history of tables, types, views and triggers: SQL files in the order of their numbers.

Alembic keeps account of it. It would read each revision from a module of Python, which could say
no more here than where its SQL stands: ours are made from the files' names.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic.migration import MigrationContext
from alembic.runtime.migration import MigrationStep
from alembic.script import Script
from alembic.script.revision import RevisionMap
from sqlalchemy import Connection

from infra.settings import SettingsError

VERSIONS = Path(__file__).parent / "versions"


class SchemaIsNewer(SettingsError):
    """Says of which revision it is."""


class _Revision(ModuleType):
    """`0002_access.sql` is 0002, and comes after 0001."""

    def __init__(self, file: Path, before: str | None) -> None:
        super().__init__(file.stem)
        self.file = file
        self.revision = file.stem.partition("_")[0]
        self.down_revision = before

    def upgrade(self, connection: Connection) -> None:
        run_sql(connection, self.file.read_text())


@cache
def known() -> tuple[str, ...]:
    """The revisions of this code, the newest last."""
    return tuple(script.revision for script in _scripts())


def migrate(connection: Connection, to: str | None = None) -> None:
    """In the transaction that there is; `to` a revision, or to the newest.

    Raises SchemaIsNewer, or the driver's error.
    """
    revisions = RevisionMap(_scripts)

    def steps(found: tuple[str, ...], _: MigrationContext) -> list[Any]:
        if not set(found) <= set(known()):
            raise SchemaIsNewer(
                f"the schema is of revision {', '.join(found)}, which is newer than this code: "
                "migrations are run by the newest"
            )
        missing = revisions.iterate_revisions(to or "head", found, implicit_base=True)
        return [
            MigrationStep.upgrade_from_script(revisions, script)  # type: ignore[arg-type]
            for script in reversed(list(missing))
        ]

    MigrationContext.configure(connection, opts={"fn": steps}).run_migrations(connection=connection)


def run_sql(connection: Connection, statements: str) -> None:
    # The driver's own simple protocol takes many statements at once.
    adapted: Any = connection.connection.dbapi_connection
    adapted.run_async(lambda driver: driver.execute(statements))


def _scripts() -> Iterator[Script]:
    before = None
    for file in sorted(VERSIONS.glob("*.sql")):
        module = _Revision(file, before)
        yield Script(module, module.revision, file)
        before = module.revision
