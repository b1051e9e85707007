"""Postgres: an asyncpg pool for commands on the hot path, an engine for SQLModel reads."""

from __future__ import annotations

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from infra.settings import Postgres

OUTAGES = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What the driver raises when a connection is cut between two words.
    asyncpg.InternalClientError,
)
"""What somebody who works for ever waits out: it passes, or a person mends it."""


async def open_pool(at: Postgres) -> asyncpg.Pool:
    """A pool whose jsonb columns are Python values. Raises OSError when nobody listens there."""
    return await asyncpg.create_pool(
        at.url.get_secret_value(),
        min_size=1,
        max_size=at.pool_size,
        command_timeout=at.command_timeout_seconds,
        init=_json_as_values,
        reset=_nothing,
    )


def engine(at: Postgres) -> AsyncEngine:
    """For SQLModel reads: each is one statement, so a transaction would be two more round trips."""
    url = at.url.get_secret_value().replace("postgresql://", "postgresql+asyncpg://", 1)
    return create_async_engine(
        url,
        pool_size=at.pool_size,
        isolation_level="AUTOCOMMIT",
        connect_args={"command_timeout": at.command_timeout_seconds},
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
    )


async def _nothing(_: asyncpg.Connection) -> None:
    """We leave nothing behind on a connection; asking it to forget is a round trip per command."""


async def _json_as_values(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=_dumps, decoder=orjson.loads, schema="pg_catalog"
    )


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()
