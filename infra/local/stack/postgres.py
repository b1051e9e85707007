"""A Postgres server of our own: the real binaries under a small supervisor.

Loopback and scram only. `paysaga_owner` migrates; `paysaga_api`, `paysaga_worker` and
`paysaga_auditor` may do what the grants allow. Nothing outside the given folder is touched.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from infra.local.stack import cluster
from infra.local.stack.ports import HOST, LocalError, require_free
from infra.local.stack.processes import Child, Identity, ProcessFailed, Program, run
from infra.local.stack.record import Record, private_folder
from infra.local.stack.unprivileged import unprivileged

DATABASE = "paysaga"
_PORT_SETTING = "PAYSAGA_LOCAL_POSTGRES_PORT"
_CRASH_LEFTOVERS = "is still in use"
"""Backends of a killed server hold its shared memory for a moment."""


@dataclass(frozen=True, slots=True)
class Database:
    """`postgresql://` URLs of one database: one for each role, and the superuser's."""

    url: str
    """Of who may do what API and worker may."""
    api_url: str
    worker_url: str
    auditor_url: str
    migration_url: str
    """The owner's."""
    admin_url: str


class LocalPostgres:
    """A server on `port` whose cluster lives in `folder`; made at the first start.

    `durable=False` turns fsync off: for tests only. `restarts=True` brings a server that dies
    by itself up again. `settings` are more of the server's own.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        durable: bool = True,
        restarts: bool = False,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
        record: Record | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self._folder = folder.resolve()
        self._data = self._folder / "data"
        self.port = port
        self._durable = durable
        self._restarts = restarts
        self._more = dict(settings or {})
        self._log = log or self._folder / "postgres.log"
        self._record = record
        self._say = say
        self._passwords: dict[str, str] = {}
        self._lock: int | None = None
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return self.database().url

    @property
    def migration_url(self) -> str:
        return self.database().migration_url

    @property
    def admin_url(self) -> str:
        return self.database().admin_url

    @property
    def as_owner(self) -> dict[str, str]:
        """Of the environment of what migrates, or issues credentials."""
        return {
            "PAYSAGA_POSTGRES_MIGRATION_URL": self.migration_url,
            "PAYSAGA_POSTGRES_AUDITOR_ROLE": cluster.AUDITOR,
        }

    @property
    def pid(self) -> int | None:
        """The postmaster's; None when it does not run."""
        return self._child.pid if self._child else None

    def database(self, name: str = DATABASE) -> Database:
        """The URLs of a database of this server, whether it exists or not."""

        def url(role: str) -> str:
            return f"postgresql://{role}:{self._passwords[role]}@{HOST}:{self.port}/{name}"

        return Database(
            url=url(cluster.APP),
            api_url=url(cluster.API),
            worker_url=url(cluster.WORKER),
            auditor_url=url(cluster.AUDITOR),
            migration_url=url(cluster.OWNER),
            admin_url=url("postgres"),
        )

    async def start(self) -> None:
        """Until it answers and the roles and database exist. Raises LocalError, PortTaken."""
        private_folder(self._folder)
        self._take_lock()
        try:
            await self._start_locked()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back. Harmless when not running."""
        if self._child is not None:
            await self._child.stop()
            self._child = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def create_database(self, name: str, *, template: str = DATABASE) -> Database:
        """A copy of `template`, which nobody may be connected to at that moment."""
        await self._as_superuser(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {cluster.OWNER}'
        )
        return self.database(name)

    async def drop_database(self, name: str) -> None:
        """Also when somebody is still connected to it."""
        await self._as_superuser(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _start_locked(self) -> None:
        programs = cluster.find_programs()
        self._passwords = cluster.passwords(
            self._folder / "passwords.json", cluster_exists=self._data.exists()
        )
        identity = await self._identity(programs)
        await cluster.clear_leftovers(self._data)
        require_free(self.port, "Postgres", _PORT_SETTING)
        if not self._data.exists():
            password = self._passwords["postgres"]
            await cluster.create(programs, self._data, password, identity, durable=self._durable)
        self._child = Child(
            self._program(programs, identity),
            record=self._record,
            restarts=self._restarts,
            say=self._say,
        )
        await self._start_child(self._child)
        await self._ensure_roles_and_database()

    async def _identity(self, programs: Path) -> Identity:
        """Only the cluster's folder is given away; the passwords stay ours."""
        probe = self._data if self._data.exists() else self._folder / "probe"
        probe.mkdir(mode=0o700, exist_ok=True)
        try:
            return await unprivileged(probe, [str(programs / "postgres"), "--version"])
        finally:
            if probe != self._data:
                probe.rmdir()

    def _program(self, programs: Path, identity: Identity) -> Program:
        async def healthy(_: int) -> bool:
            asked = [str(programs / "pg_isready"), "-q", "-h", HOST, "-p", str(self.port)]
            return (await run([*asked, "-U", "postgres", "-d", "postgres"]))[0] == 0

        async def before_start() -> None:
            await cluster.clear_leftovers(self._data)

        return Program(
            name="postgres",
            command=[str(programs / "postgres"), "-D", str(self._data), *self._settings()],
            log=self._log,
            healthy=healthy,
            identity=identity,
            folder=self._data,
            before_start=before_start,
            stop_seconds=20.0,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def _settings(self) -> list[str]:
        settings = {
            "port": str(self.port),
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "max_connections": "200",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Details of an error can carry a row's values.
            "log_error_verbosity": "terse",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [f"--{name}={value}" for name, value in (settings | self._more).items()]

    async def _start_child(self, child: Child, attempts: int = 20) -> None:
        for attempt in range(1, attempts + 1):
            try:
                return await child.start()
            except ProcessFailed as failure:
                if _CRASH_LEFTOVERS not in failure.tail or attempt == attempts:
                    raise
            await asyncio.sleep(0.25)
        raise AssertionError("unreachable")

    async def _ensure_roles_and_database(self) -> None:
        for role in (*cluster.ROLES, cluster.APP):
            known = await self._as_superuser("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            if known is None:
                # DDL takes no parameters; the password is ours and has no quote in it.
                await self._as_superuser(
                    f"CREATE ROLE {role} LOGIN PASSWORD '{self._passwords[role]}'"
                )
        await self._as_superuser(f"GRANT {cluster.API}, {cluster.WORKER} TO {cluster.APP}")
        await self._as_superuser(f"ALTER ROLE {cluster.APP} SET paysaga.brands = '{{*}}'")
        exists = "SELECT 1 FROM pg_database WHERE datname = $1"
        if await self._as_superuser(exists, DATABASE) is None:
            await self._as_superuser(
                f"CREATE DATABASE {DATABASE} OWNER {cluster.OWNER} TEMPLATE template0"
            )

    async def _as_superuser(self, statement: str, *values: object) -> object:
        connection = await asyncpg.connect(self.database("postgres").admin_url, ssl=False)
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()

    def _take_lock(self) -> None:
        """One supervisor per cluster: whoever holds the lock may end what runs on it."""
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as failure:
            os.close(descriptor)
            raise LocalError(f"another process runs the database in {self._folder}.") from failure
        self._lock = descriptor
