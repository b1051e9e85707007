"""Making the database say what `grants.py` says. Repeatable; a right table is not locked."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from activities.migrations.grants import FUNCTIONS, TABLES, VIEWS, Table, Who
from activities.migrations.policies import make_policies
from activities.migrations.roles import Roles, quoted

_FUNCTIONS = """
SELECT p.proname, p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole
"""


def grant(connection: Connection, roles: Roles) -> None:
    """As the owner, to the others: a role that is the owner's own needs nothing."""
    run = connection.exec_driver_sql
    owner = run("SELECT current_user").scalar()
    strangers = {who: role for who, role in roles.items() if role != owner}
    run("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    for role in set(strangers.values()):
        run(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted(role)}")
        run(f"GRANT USAGE ON SCHEMA public TO {quoted(role)}")
    for who, role in strangers.items():
        for what, rights in _rights_on_tables(who):
            run(f"GRANT {rights} ON {quoted(what)} TO {quoted(role)}")
    _grant_functions(connection, strangers)
    make_policies(connection, strangers)


def rights_of(who: Who, table: Table) -> str:
    """As GRANT takes them; empty for none."""
    return {Who.API: table.api, Who.WORKER: table.worker, Who.AUDITOR: "SELECT"}[who]


def _rights_on_tables(who: Who) -> Iterator[tuple[str, str]]:
    for name, table in TABLES.items():
        if rights := rights_of(who, table):
            yield name, rights
    for view, readers in VIEWS.items():
        if who in readers or who is Who.AUDITOR:
            yield view, "SELECT"


def _grant_functions(connection: Connection, roles: Roles) -> None:
    run = connection.exec_driver_sql
    for name, signature in run(_FUNCTIONS).all():
        for grantee in ("PUBLIC", *map(quoted, set(roles.values()))):
            run(f"REVOKE ALL ON FUNCTION {signature} FROM {grantee}")
        for who, role in roles.items():
            if who in FUNCTIONS.get(name, ()):
                run(f"GRANT EXECUTE ON FUNCTION {signature} TO {quoted(role)}")
