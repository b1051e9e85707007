"""Every text of every table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import asyncpg
from asyncpg.pool import PoolConnectionProxy as Connection

from activities.audit.card_numbers.place import shown
from activities.audit.report import Finding, finding
from workflows.domain.card_data import has_card_data

_COLUMNS = """
SELECT c.relname AS table_name, a.attname AS column_name,
    has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable,
    (SELECT array_agg(k.attname ORDER BY k.attnum) FROM pg_index i
     JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY(i.indkey)
     WHERE i.indrelid = c.oid AND i.indisprimary) AS key
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type item ON item.oid = t.typelem
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm')
  AND a.attnum > 0 AND NOT a.attisdropped
  AND (t.typcategory = 'S' OR item.typcategory = 'S' OR t.typname IN ('json', 'jsonb', 'xml'))
ORDER BY c.relname, a.attnum
"""
_ROWS_AT_ONCE = 100
"""Between two batches others have their turn."""


async def in_database(connection: Connection, rows_at_most: int | None) -> Finding:
    """Every text and json of every table: all rows, or the newest ones of each table.

    The connection is in a transaction: rows are streamed.
    """
    tables: dict[str, list[asyncpg.Record]] = {}
    unreadable = set()
    for column in await connection.fetch(_COLUMNS):
        if column["readable"]:
            tables.setdefault(column["table_name"], []).append(column)
        else:
            unreadable.add(column["table_name"])
    rows, hits = 0, []
    for table, columns in tables.items():
        async for place, texts in _rows(connection, table, columns, rows_at_most):
            rows += 1
            hits += [
                f"{table}.{column['column_name']} of {shown(place)}"
                for column, text in zip(columns, texts, strict=True)
                if text and has_card_data(text)
            ]
    searched = f"{rows} rows of {len(tables)} tables"
    if unreadable:
        searched += f"; not readable: {', '.join(sorted(unreadable))}"
    return finding("I12", "No card number is in the database", searched, hits)


async def _rows(
    connection: Connection,
    table: str,
    columns: Sequence[asyncpg.Record],
    rows_at_most: int | None,
) -> AsyncIterator[tuple[str, Sequence[str | None]]]:
    texts = ", ".join(f"{_quoted(column['column_name'])}::text" for column in columns)
    key = ", ".join(f"{_quoted(name)}::text" for name in columns[0]["key"] or ("ctid",))
    query = f"SELECT concat_ws(' / ', {key}), {texts} FROM public.{_quoted(table)}"  # noqa: S608
    if rows_at_most is not None:
        query += f" ORDER BY ctid DESC LIMIT {rows_at_most}"
    async for row in connection.cursor(query, prefetch=_ROWS_AT_ONCE):
        yield row[0], row[1:]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
