"""No card number is anywhere that we keep anything: tables, histories, logs (I12).

A hit is named by its place; what stands there is never repeated.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import asyncpg
from asyncpg.pool import PoolConnectionProxy as Connection
from google.protobuf.message import Message
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.audit.asking import each
from activities.audit.report import Finding, finding
from infra.card_data import has_card_data

_HEX_WORD = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[a-f])[0-9a-f]{24,}(?![0-9A-Za-z])")
"""Digests and ids: one in some hundred has digits enough to pass for a card number."""

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


def has_number(text: str) -> bool:
    return len(text) >= 13 and has_card_data(_HEX_WORD.sub("~", text))


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
                f"{table}.{column['column_name']} of {_told(place)}"
                for column, text in zip(columns, texts, strict=True)
                if text and has_number(text)
            ]
    told = f"{rows} rows of {len(tables)} tables"
    if unreadable:
        told += f"; not readable: {', '.join(sorted(unreadable))}"
    return finding("I12", "No card number is in the database", told, hits)


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


async def in_histories(client: Client, newest: int | None) -> Finding:
    """Every word of the newest runs' histories (None: of all), whatever their workflow."""
    found = client.list_workflows(limit=newest)
    runs = [(execution.id, execution.run_id) async for execution in found]

    async def hits_of(run: tuple[str, str]) -> list[str]:
        workflow_id, run_id = run
        try:
            history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return []
            raise
        return [
            f"{_told(workflow_id)} (run {run_id}): event {event.event_id}"
            for event in history.events
            if any(has_number(text) for text in _texts(event))
        ]

    hits = [hit for found in await each(runs, hits_of) for hit in found]
    told = f"{len(runs)} histories" + ("" if newest is None else ", the newest")
    return finding("I12", "No card number is in a history", told, hits)


def _texts(message: Message) -> Iterator[str]:
    """Every string in it, and every payload's data as text."""
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        if field.message_type and field.message_type.GetOptions().map_entry:
            yield from (key for key in value if isinstance(key, str))
            values = value.values()
        for inner in values:
            if isinstance(inner, Message):
                yield from _texts(inner)
            elif isinstance(inner, str):
                yield inner
            elif isinstance(inner, bytes):
                yield inner.decode(errors="replace")


def in_logs(paths: Sequence[Path]) -> Finding:
    """Every line of the files, and of the files in the folders. Raises OSError."""
    files = sorted(
        file
        for path in paths
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file() or not path.is_dir()
    )
    lines, hits = 0, []
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as log:
            for number, line in enumerate(log, 1):
                lines += 1
                if has_number(line):
                    hits.append(f"{file.name}, line {number}")
    return finding(
        "I12", "No card number is in a log", f"{lines} lines of {len(files)} files", hits
    )


def _told(place: str) -> str:
    return "a row whose key looks like one too" if has_number(place) else place


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
