"""The whole stack on one machine, for as long as a context lasts."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.local.stack import chosen_psp, programs
from infra.local.stack.addresses import Stack, Supervised
from infra.local.stack.keys import seal_keys, tokens
from infra.local.stack.ports import HOST, LocalError
from infra.local.stack.postgres import LocalPostgres
from infra.local.stack.processes import Child, Program, run
from infra.local.stack.record import (
    Record,
    birth,
    close_to_others,
    private_folder,
    private_log,
    write_private,
)
from infra.local.stack.settings import Ports
from infra.local.stack.temporal import LocalTemporal

_LARGE_LOG_BYTES = 50_000_000

Detour = Callable[[str, Mapping[str, str]], Mapping[str, str]]
"""What a program of ours, by its name, is told instead: drills put proxies between processes."""


def _straight(_: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    return environment


class AlreadyRunning(LocalError):
    """Another process runs, starts or stops the stack of this folder.

    `state` is starting, running or stopping, `pid` whose it is, `addresses` where it listens.
    """

    def __init__(self, folder: Path, notice: dict[str, Any]) -> None:
        self.state = str(notice.get("state", "starting"))
        self.pid = int(notice.get("pid", 0))
        self.addresses: dict[str, str] = dict(notice.get("addresses", {}))
        super().__init__(f"the stack in {folder} is {self.state} already (process {self.pid}).")


@asynccontextmanager
async def local_stack(
    folder: Path,
    *,
    psp: str = chosen_psp.SANDBOX,
    ports: Ports | None = None,
    durable: bool = True,
    say: Callable[[str], None] = lambda _: None,
    detour: Detour = _straight,
) -> AsyncIterator[Stack]:
    """Start everything, yield its addresses and tokens, stop everything in reverse order.

    `local.env` in the folder says the same for as long as it lasts. `psp`: of `chosen_psp.names()`.
    Without `ports` free ones are taken. `durable=False` keeps Temporal in memory and Postgres
    without fsync. Raises AlreadyRunning, PortTaken, LocalError; then nothing is left running.
    """
    chosen_psp.require(psp)
    ports = ports or Ports.free()
    with sole(folder) as (folder, tell):
        record = Record(folder / "run.json")
        if left := record.end_survivors():
            say(f"ended what the last run left behind: {', '.join(left)}")
        ports.require_free()
        async with _closed_in_full() as running:
            starter = _Starter(folder, psp, ports, durable, record, say, running, detour)
            stack = await starter.start()
            write_private(folder / "local.env", stack.local_env())
            tell("running", stack.addresses)
            try:
                yield stack
            finally:
                tell("stopping", {})


@asynccontextmanager
async def _closed_in_full() -> AsyncIterator[AsyncExitStack]:
    """Whoever is cancelled while it stops things stops them all the same, and ends then."""
    running = AsyncExitStack()
    try:
        yield running
    finally:
        closing, cancelled = asyncio.ensure_future(running.aclose()), False
        while not closing.done():
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                cancelled = True
        closing.result()
        if cancelled:
            raise asyncio.CancelledError


@contextmanager
def sole(folder: Path) -> Iterator[tuple[Path, Callable[[str, dict[str, str]], None]]]:
    """The folder, locked, and a way to tell others what its holder is doing."""
    folder = private_folder(folder.resolve())
    for each in (folder, folder / "temporal", folder / "postgres", folder / "log"):
        close_to_others(each)
    notice = folder / "up.json"

    def tell(state: str, addresses: dict[str, str]) -> None:
        write_private(
            notice,
            json.dumps(
                {
                    "state": state,
                    "pid": os.getpid(),
                    "birth": birth(os.getpid()),
                    "addresses": addresses,
                }
            ),
        )

    with os.fdopen(private_log(folder / "lock"), "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as failure:
            raise AlreadyRunning(folder, notice_in(folder)) from failure
        _forget(folder)
        tell("starting", {})
        try:
            yield folder, tell
        finally:
            _forget(folder)


def _forget(folder: Path) -> None:
    """Addresses are there only while somebody listens on them."""
    for name in ("local.env", "up.json"):
        (folder / name).unlink(missing_ok=True)


def notice_in(folder: Path) -> dict[str, Any]:
    """What the holder of this folder wrote about itself, or the last one that was killed."""
    try:
        found: dict[str, Any] = json.loads((folder / "up.json").read_text())
    except (OSError, ValueError):
        return {}
    return found


class _Starter:
    """Starts one after the other; whatever was started is stopped when `running` closes."""

    def __init__(
        self,
        folder: Path,
        psp: str,
        ports: Ports,
        durable: bool,
        record: Record,
        say: Callable[[str], None],
        running: AsyncExitStack,
        detour: Detour,
    ) -> None:
        self._folder, self._psp, self._ports, self._durable = folder, psp, ports, durable
        self._record, self._say, self._running = record, say, running
        self._detour = detour
        self._started: dict[str, Supervised] = {}

    async def start(self) -> Stack:
        folder, ports = self._folder, self._ports
        psp = chosen_psp.find(self._psp, folder, ports)
        postgres = self._postgres()
        await self._begin("postgres", postgres, "Postgres")
        seals = seal_keys(folder / "postgres" / "seals.json")
        database = postgres.database()
        for_worker = programs.worker_environment(ports, database, psp, seals)
        to_api = programs.api_environment(ports, database, psp, seals)
        as_owner = {**for_worker, **postgres.as_owner}
        await self._migrate(as_owner)
        temporal = self._temporal()
        await self._begin("temporal", temporal, "Temporal")
        for program, title in (
            (programs.psp(psp, self._log(psp.process), ports), psp.title),
            (programs.worker(self._log("worker"), for_worker, temporal), "Worker"),
            (programs.api(self._log("api"), to_api, ports), "API"),
        ):
            await self._begin(program.name, self._child(program), title)
        return Stack(
            folder=folder,
            api_url=f"http://{HOST}:{ports.api}",
            psp=psp,
            psp_url=f"http://{HOST}:{ports.sandbox_psp}",
            postgres=postgres,
            temporal=temporal,
            tokens=await tokens(folder / "postgres" / "tokens.json", as_owner),
            processes=self._started,
            environment=for_worker,
        )

    async def _begin(self, name: str, process: Supervised, title: str) -> None:
        self._running.push_async_callback(process.stop)
        self._started[name] = process
        await process.start()
        self._say(f"{title} is up")

    def _child(self, program: Program) -> Child:
        environment = self._detour(program.name, program.environment or {})
        program = replace(program, environment=environment)
        return Child(program, record=self._record, restarts=True, say=self._say)

    async def _migrate(self, environment: dict[str, str]) -> None:
        code, output = await run(
            [sys.executable, "-m", "activities.migrations"], environment=environment
        )
        if code != 0:
            raise LocalError(f"the database could not be migrated:\n{output.strip()}")
        self._say("Migrations are done")

    def _postgres(self) -> LocalPostgres:
        return LocalPostgres(
            self._folder / "postgres",
            self._ports.postgres,
            durable=self._durable,
            restarts=True,
            log=self._log("postgres"),
            record=self._record,
            say=self._say,
        )

    def _temporal(self) -> LocalTemporal:
        return LocalTemporal(
            self._folder / "temporal" if self._durable else None,
            self._ports.temporal,
            self._ports.temporal_ui,
            log=self._log("temporal"),
            restarts=True,
            record=self._record,
            say=self._say,
        )

    def _log(self, name: str) -> Path:
        """Appended to; an old one that has grown large is put aside."""
        log = self._folder / "log" / f"{name}.log"
        if log.exists() and log.stat().st_size > _LARGE_LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))
        return log
