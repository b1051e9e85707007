"""The roles of the database, by who comes with them."""

from __future__ import annotations

from sqlalchemy import Connection

from activities.migrations.grants import Who
from infra.settings import Postgres, SettingsError

Roles = dict[Who, str]
"""The name of each role in the database."""


class NoSuchRole(SettingsError):
    """Names the role that has to be made first, and the setting that names it."""


def roles_of(at: Postgres) -> Roles:
    named = {Who.API: at.api_role, Who.WORKER: at.worker_role, Who.AUDITOR: at.auditor_role}
    return {who: role for who, role in named.items() if role}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def require(connection: Connection, roles: Roles) -> None:
    """Raises NoSuchRole."""
    known = set(connection.exec_driver_sql("SELECT rolname FROM pg_roles").scalars())
    for who, role in roles.items():
        if role not in known:
            raise NoSuchRole(
                f"there is no role {role} for the {who}: make it (CREATE ROLE {quoted(role)} LOGIN "
                f"PASSWORD '…'), or name another by PAYSAGA_POSTGRES_{who.upper()}_ROLE"
            )
