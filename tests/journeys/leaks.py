"""Where a secret must not be: everything a stack produced, as text, by the place it stands in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from google.protobuf.message import Message
from temporalio.client import Client

from infra.local.stack.addresses import Stack
from infra.settings import Temporal
from infra.temporal import connect

PUBLIC = {"client_id", "merchant_account", "webhook_id", "webhook_username"}
"""Of what a PSP gives us, what names us and proves nothing. Whatever else there is, is secret."""

PAIRS = (("client_id", "client_secret"), ("webhook_username", "webhook_password"))
"""They travel together in base64."""

_TABLES = """
SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
"""


def secrets_of(folder: Path) -> dict[str, str]:
    """Every secret that is kept in the folder of a stack, by the file and the name it has there."""
    found: dict[str, str] = {}
    for kept in (*folder.glob("*.json"), *(folder / "postgres").glob("*.json")):
        if kept.name not in ("run.json", "up.json"):
            found |= {
                f"{kept.stem}.{name}": text for name, text in _words(json.loads(kept.read_text()))
            }
    return {name: text for name, text in found.items() if name.rpartition(".")[2] not in PUBLIC}


def _words(kept: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(kept, dict):
        for inner, value in kept.items():
            yield from _words(value, f"{name}.{inner}" if name else inner)
        for who, secret in PAIRS:
            if {who, secret} <= set(kept):
                yield f"{name}.{who}:{secret}", f"{kept[who]}:{kept[secret]}"
    else:
        yield name, str(kept)


async def produced(stack: Stack, problems: Iterable[str]) -> dict[str, dict[str, str]]:
    """By kind, then by place: logs, histories, search attributes, tables, problems."""
    client = await connect(Temporal(address=stack.temporal.address))
    logs = (stack.folder / "log").glob("*")
    return {
        "logs": {log.name: log.read_text(errors="replace") for log in logs},
        "histories": await _histories(client),
        "search attributes": await _search_attributes(client),
        "tables": await _tables(stack.postgres.migration_url),
        "problems": {f"problem {n}": body for n, body in enumerate(problems)},
    }


def leaks(secret: str, everything: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    """The places in which the secret stands, plain or in base64, by kind."""
    forms = {secret, base64.b64encode(secret.encode()).decode()}
    found = {
        kind: [place for place, text in places.items() if any(form in text for form in forms)]
        for kind, places in everything.items()
    }
    return {kind: places for kind, places in found.items() if places}


def arguments(stack: Stack) -> dict[str, str]:
    """What `ps` shows of the stack's processes, and of theirs."""
    parents = [psutil.Process(each.pid) for each in stack.processes.values() if each.pid]
    family = [each for parent in parents for each in (parent, *parent.children(recursive=True))]
    return {f"{each.name()} {each.pid}": " ".join(each.cmdline()) for each in family}


async def _histories(client: Client) -> dict[str, str]:
    texts = {}
    async for run in client.list_workflows():
        history = await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        texts[run.id] = "\n".join(text for event in history.events for text in _texts(event))
    return texts


async def _search_attributes(client: Client) -> dict[str, str]:
    return {
        run.id: "\n".join(f"{pair.key.name} {pair.value}" for pair in run.typed_search_attributes)
        async for run in client.list_workflows()
    }


def _texts(message: Message) -> Iterator[str]:
    """Every string in it, and every payload's data, which a history's JSON shows in base64."""
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


async def _tables(url: str) -> dict[str, str]:
    """As the owner: all columns of all rows."""
    owner = await asyncpg.connect(url, ssl=False)
    try:
        names = [row[0] for row in await owner.fetch(_TABLES)]
        return {
            name: "\n".join(row[0] for row in await owner.fetch(f"SELECT t::text FROM {name} t"))
            for name in names
        }
    finally:
        await owner.close()
