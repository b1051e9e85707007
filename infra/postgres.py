"""Postgres: an asyncpg pool for commands on the hot path, an engine for SQLModel reads.

Whose rows a session sees may be a setting of the session, which row-level security compares with
the rows (see `see`). A connection remembers what it is set to, so that it is set again, by one
statement, only when somebody else's rows are wanted on it.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from typing import Any, Literal

import asyncpg
import orjson
from asyncpg.connection import Connection
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from infra.settings import Postgres, SettingsError

OUTAGES = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What the driver raises when a connection is cut between two words.
    asyncpg.InternalClientError,
)
"""What somebody who works for ever waits out: it passes, or a person mends it."""

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.LockNotAvailableError,
)
"""It is the database's trouble, whatever it was asked."""

NEEDED_VERSION = 18
"""Of the server: our functions use what it brought."""

_WRONG = (
    asyncpg.ClientConfigurationError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    ssl.SSLError,
)
"""What no waiting mends: the role, its password, the database or whom we trust."""


Sight = Literal["as_granted", "as_told", "everything"]
"""Of a pool: what the role's grants and policies say alone; besides it what the task that asks was
told to see, which is nothing at first; or the rows of everybody."""

_SETTING = "paysaga.brands"
_NOTHING, _EVERYTHING = "{}", "{*}"
_brands_of_task: ContextVar[str] = ContextVar("what this task was told to see", default=_NOTHING)


def see(names: Collection[str]) -> None:
    """From now on this task sees rows of these names alone; `*` among them is everybody's."""
    quoted = (f'"{_escaped(name)}"' for name in sorted(names))
    _brands_of_task.set(_EVERYTHING if "*" in names else f"{{{','.join(quoted)}}}")


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


async def open_pool(at: Postgres, sight: Sight = "as_granted") -> asyncpg.Pool:
    """A pool whose jsonb columns are Python values. Raises OSError when nobody listens there."""
    return await asyncpg.create_pool(
        at.url.get_secret_value(),
        min_size=1,
        max_size=at.pool_size,
        command_timeout=at.command_timeout_seconds,
        init=_json_as_values,
        setup=_as_told if sight == "as_told" else None,
        reset=_nothing,
        **_session(sight),
    )


def engine(at: Postgres, sight: Sight = "as_granted") -> AsyncEngine:
    """For SQLModel reads: each is one statement, so a transaction would be two more round trips."""
    url, patience = at.url.get_secret_value(), at.command_timeout_seconds

    async def connected() -> asyncpg.Connection:
        """By the driver's own reading of the URL: sqlalchemy knows no sslmode."""
        return await asyncpg.connect(url, command_timeout=patience, **_session(sight))

    made = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connected,
        pool_size=at.pool_size,
        # Whoever asks again gets the connection that is set already.
        pool_use_lifo=True,
        isolation_level="AUTOCOMMIT",
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
    )
    if sight == "as_told":
        event.listen(made.sync_engine, "checkout", _checked_out)
    return made


class _Session(Connection):
    """A connection that knows what its session sees."""

    sees: str = _NOTHING

    async def see_as_told(self) -> None:
        wanted = _brands_of_task.get()
        if wanted == self.sees:
            return
        # Until the answer is here nobody knows.
        self.sees = ""
        await self.execute(f"SELECT set_config('{_SETTING}', $1, false)", wanted)
        self.sees = wanted


def _session(sight: Sight) -> dict[str, Any]:
    if sight == "as_granted":
        return {}
    first = _NOTHING if sight == "as_told" else _EVERYTHING
    return {"connection_class": _Session, "server_settings": {_SETTING: first}}


async def _as_told(connection: Any) -> None:
    await connection.see_as_told()


def _checked_out(connection: Any, *_: object) -> None:
    connection.run_async(lambda session: session.see_as_told())


def is_away(error: BaseException) -> bool:
    """Whether another question had ended in the same. A value that the driver cannot write is the
    question's own."""
    return isinstance(error, AWAY) and not isinstance(error, ValueError)


def new_enough(major: int, variable: str = "PAYSAGA_POSTGRES_URL") -> None:
    """Raises SettingsError for a server that lacks what we use."""
    if major < NEEDED_VERSION:
        raise SettingsError(
            f"{variable}: the server is PostgreSQL {major}; {NEEDED_VERSION} or later is needed"
        )


def wrong_setting(
    error: BaseException, variable: str = "PAYSAGA_POSTGRES_URL"
) -> SettingsError | None:
    """What the failure shows to be wrong in the URL; None for an outage, which passes by itself."""
    for cause in _causes(error):
        if isinstance(cause, SettingsError):
            return cause
        if isinstance(cause, _WRONG) or "rejected SSL upgrade" in str(cause):
            return SettingsError(f"{variable}: {_first_line(cause)}")
    return None


def unreachable(error: BaseException, variable: str = "PAYSAGA_POSTGRES_URL") -> SettingsError:
    """For who does not wait: the setting that names where nobody answers."""
    return wrong_setting(error, variable) or SettingsError(
        f"{variable}: the database cannot be reached: {_first_line(error)}"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = getattr(cause, "orig", None) or cause.__cause__


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).split("\n")[0]


async def _nothing(_: asyncpg.Connection) -> None:
    """We leave nothing behind on a connection that is not remembered there; asking it to forget is
    a round trip per command."""


async def _json_as_values(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=_dumps, decoder=orjson.loads, schema="pg_catalog"
    )


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()
