"""Which rows a role sees: one policy for each role and table of brands."""

from __future__ import annotations

from sqlalchemy import Connection

from activities.migrations.grants import TABLES, Table, Who
from activities.migrations.roles import Roles, quoted

_POLICIES = """
SELECT p.polrelid::regclass::text, p.polname, obj_description(p.oid, 'pg_policy')
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace = 'public'::regnamespace
"""
_OPEN_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relrowsecurity
"""


def make_policies(connection: Connection, roles: Roles) -> None:
    """One for each role and table of brands; made anew only where it is another than it was."""
    run = connection.exec_driver_sql
    known = {(table, name): text for table, name, text in run(_POLICIES).all()}
    still_open = set(run(_OPEN_TABLES).scalars())
    wanted = {
        (name, f"{who}_sees"): f"TO {quoted(role)} {_rows(who, table)}"
        for name, table in TABLES.items()
        if table.seen is not None
        for who, role in roles.items()
    }
    for place in known.keys() | wanted.keys():
        if place in wanted and known.get(place) == wanted[place]:
            continue
        table, policy = quoted(place[0]), quoted(place[1])
        run(f"DROP POLICY IF EXISTS {policy} ON {table}")
        if place in wanted:
            run(f"CREATE POLICY {policy} ON {table} {wanted[place]}")
            text = wanted[place].replace("'", "''")
            run(f"COMMENT ON POLICY {policy} ON {table} IS '{text}'")
    for name, of_brands in TABLES.items():
        if of_brands.seen is not None and name in still_open:
            run(f"ALTER TABLE {quoted(name)} ENABLE ROW LEVEL SECURITY")


def _rows(who: Who, table: Table) -> str:
    if who is not Who.API:
        return "USING (true)"
    return f"USING ({table.seen}) WITH CHECK ({table.written or table.seen})"
