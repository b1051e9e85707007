"""Everything there is to try in the database, and what the database says to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import asyncpg

Cell = tuple[str, str]
"""A thing and what was tried with it."""

TABLE_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
_COLUMNS = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) AS columns, c.relkind::text AS kind
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
GROUP BY 1, 3 ORDER BY 1
"""
_CALLS = """
SELECT p.proname, format('SELECT %s(%s)', p.oid::regproc, (
    SELECT string_agg(format('NULL::%s', format_type(t, NULL)), ', ' ORDER BY n)
    FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n))) AS call
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY 1
"""
_SEQUENCES = "SELECT relname FROM pg_class WHERE relkind = 'S' ORDER BY 1"
_DENIED = re.compile(
    "permission denied|must be |only superuser|is not allowed"
    "|cannot (insert into|update|delete from) view|is not a table"
)


async def is_allowed(connection: asyncpg.Connection, statement: str) -> bool:
    """Whether the role may: what fails for another reason it may. Nothing of it stays."""
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError as refused:
        return _DENIED.search(str(refused)) is None
    finally:
        await attempt.rollback()
    return True


async def tables(admin: asyncpg.Connection) -> dict[str, list[str]]:
    """Those that hold rows, and their columns."""
    return {row[0]: row[1] for row in await admin.fetch(_COLUMNS) if row["kind"] != "v"}


async def views(admin: asyncpg.Connection) -> dict[str, list[str]]:
    return {row[0]: row[1] for row in await admin.fetch(_COLUMNS) if row["kind"] == "v"}


async def calls(admin: asyncpg.Connection) -> list[tuple[str, str]]:
    """Every function, and a call of it with nulls."""
    return [(row[0], row[1]) for row in await admin.fetch(_CALLS)]


async def sequences(admin: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await admin.fetch(_SEQUENCES)]


def on_a_table(name: str, columns: list[str]) -> Iterator[tuple[str, str]]:
    """What is tried, and how; an update column by column."""
    yield "SELECT", f"SELECT * FROM {name} LIMIT 0"
    yield "INSERT", f"INSERT INTO {name} DEFAULT VALUES"
    yield "DELETE", f"DELETE FROM {name} WHERE false"
    yield "TRUNCATE", f"TRUNCATE {name}"
    for column in columns:
        changed = f'UPDATE {name} SET "{column}" = DEFAULT WHERE false'
        yield f"UPDATE {column}", changed


def granted(rights: str, columns: list[str]) -> set[str]:
    """Of what is tried on a table, what rights as GRANT takes them allow."""
    found: set[str] = set()
    for right, listed in re.findall(r"([A-Z]+)(?: \(([^)]*)\))?", rights):
        if right == "UPDATE":
            names = [name.strip() for name in listed.split(",")] if listed else columns
            found |= {f"UPDATE {name}" for name in names}
        else:
            found.add(right)
    return found


def elsewhere(owner: str) -> dict[str, str]:
    """Ways around the table of grants, each by its name."""
    return {
        "make a table": "CREATE TABLE mine (a integer)",
        "make a schema": "CREATE SCHEMA mine",
        "make a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "make a trigger": "CREATE TRIGGER mine BEFORE INSERT ON payments "
        "FOR EACH ROW EXECUTE FUNCTION append_only()",
        "make a role": "CREATE ROLE mine SUPERUSER",
        "make a database": "ALTER DATABASE template1 ALLOW_CONNECTIONS true",
        "make an extension": "CREATE EXTENSION dblink",
        "become the owner": f"SET ROLE {owner}",
        "become the superuser": "SET SESSION AUTHORIZATION postgres",
        "be superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
        "be above rows": "ALTER ROLE CURRENT_USER BYPASSRLS",
        "join the owner": f"GRANT {owner} TO CURRENT_USER",
        "own the ledger": "ALTER TABLE transfers OWNER TO CURRENT_USER",
        "open the rows": "ALTER TABLE payments DISABLE ROW LEVEL SECURITY",
        "drop a policy": "DROP POLICY api_sees ON payments",
        "add a policy": "CREATE POLICY mine ON payments USING (true)",
        "silence a trigger": "ALTER TABLE entries DISABLE TRIGGER append_only",
        "silence all triggers": "SET session_replication_role = replica",
        "change a function": "ALTER FUNCTION brands_seen() SECURITY DEFINER",
        "replace a function": "CREATE OR REPLACE FUNCTION brands_seen() RETURNS text[] "
        "LANGUAGE sql AS $$ SELECT '{*}'::text[] $$",
        "drop a table": "DROP TABLE entries",
        "read a file": "SELECT pg_read_file('/etc/passwd')",
        "list a folder": "SELECT pg_ls_dir('.')",
        "load a file": "SELECT lo_import('/etc/passwd')",
        "copy to a program": "COPY (SELECT 1) TO PROGRAM 'true'",
        "copy to a file": "COPY (SELECT 1) TO '/tmp/mine'",
        "copy from a file": "CREATE TEMP TABLE t (a text); COPY t FROM '/etc/passwd'",
        "load a library": "LOAD 'pg_stat_statements'",
        "read passwords": "SELECT rolpassword FROM pg_authid",
        "change the server": "SET log_statement = 'all'",
        "end the superuser's session": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE usename = 'postgres'",
    }


def by_giving(role: str) -> dict[str, str]:
    """What is no error where it has no effect: the rights must be the same afterwards."""
    return {
        "give a table": f"GRANT ALL ON payments TO {role}",
        "give every table": f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
        "give a function": f"GRANT EXECUTE ON FUNCTION brands_seen() TO {role}",
        "give the schema": f"GRANT ALL ON SCHEMA public TO {role}",
    }
