"""`make up` at the keyboard: what it says, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra import local
from infra.local.psps.base import profile
from infra.local.stack.ports import LocalError, free_ports
from infra.local.stack.settings import Ports
from infra.local.stack.stack import AlreadyRunning, local_stack


async def up(folder: Path, *words: str, **settings: str) -> tuple[int | None, str]:
    """Exit code and everything it said."""
    names = ("API", "TEMPORAL", "TEMPORAL_UI", "POSTGRES", "SANDBOX_PSP")
    ports = zip(names, free_ports(5), strict=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.local", "up", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={
            **os.environ,
            **{f"PAYSAGA_LOCAL_{name}_PORT": str(port) for name, port in ports},
            "PAYSAGA_LOCAL_FOLDER": str(folder),
            **settings,
        },
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@contextmanager
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.mark.parametrize("wanted_by", ["API", "TEMPORAL", "TEMPORAL_UI", "POSTGRES", "SANDBOX_PSP"])
async def test_a_taken_port_is_one_sentence_with_the_port_and_its_setting(
    tmp_path: Path, wanted_by: str
) -> None:
    setting = f"PAYSAGA_LOCAL_{wanted_by}_PORT"
    with listener() as port:
        code, output = await up(tmp_path, **{setting: str(port)})
    assert code == 1
    assert f"port {port} is taken" in output
    assert setting in output
    assert "Traceback" not in output
    assert not (tmp_path / "local.env").exists()


async def test_a_setting_that_is_no_port_is_named(tmp_path: Path) -> None:
    code, output = await up(tmp_path, PAYSAGA_LOCAL_API_PORT="eighty")
    assert code == 1
    assert "PAYSAGA_LOCAL_API_PORT=eighty" in output
    assert "Traceback" not in output


async def test_a_psp_that_cannot_be_started_here_is_answered_with_those_that_can(
    tmp_path: Path,
) -> None:
    code, output = await up(tmp_path, PAYSAGA_LOCAL_PSP="acme")
    assert code == 1
    assert "there is no PSP acme to start here; there are: sandbox, " in output
    assert all(name in output for name in profile.names())
    assert "Traceback" not in output


async def test_the_psps_word_at_the_keyboard_goes_before_the_setting(tmp_path: Path) -> None:
    code, output = await up(tmp_path, "--psp", "nobody", PAYSAGA_LOCAL_PSP="sandbox")
    assert (code, "there is no PSP nobody" in output) == (1, True)


async def test_two_servers_cannot_have_one_port(tmp_path: Path) -> None:
    api, port, sandbox_psp = free_ports(3)
    shared = Ports(api, temporal=port, temporal_ui=None, postgres=port, sandbox_psp=sandbox_psp)
    with pytest.raises(LocalError, match=f"Postgres and Temporal cannot both have port {port}"):
        async with local_stack(tmp_path, ports=shared):
            raise AssertionError("it must not start")


async def test_a_second_start_shows_where_the_first_one_listens(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import fcntl, sys, time\n"
        "lock = open(sys.argv[1], 'a')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(600)",
        str(tmp_path / "lock"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    notice = {"state": "running", "pid": holder.pid, "addresses": {"API": "http://127.0.0.1:1"}}
    (tmp_path / "up.json").write_text(json.dumps(notice))
    code, output = await up(tmp_path)
    with pytest.raises(AlreadyRunning, match=f"running already.*{holder.pid}"):
        async with local_stack(tmp_path):
            raise AssertionError("it must not start")
    holder.kill()
    await holder.communicate()
    assert code == 0
    assert f"It runs already (process {holder.pid})" in output
    assert "http://127.0.0.1:1" in output


async def test_a_process_that_asked_for_it_ends_with_its_parent() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]])\n"
        "time.sleep(600)",
        "import time\n"
        "from infra.local.stack.launch import end_with_parent\n"
        "end_with_parent(15)\n"
        "print('tied', flush=True)\n"
        "time.sleep(600)",
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert await parent.stdout.readline() == b"tied\n"
    parent.kill()
    # The pipe closes when its last holder, the child, is gone too.
    async with asyncio.timeout(60):
        await parent.communicate()


def test_nothing_of_the_local_runtime_names_a_psp_that_has_a_lookalike() -> None:
    """They are found by looking: one more needs no line here."""
    home = Path(local.__path__[0])
    at_home = [home / "psps" / name for name in profile.names()]
    files = [
        file for file in home.rglob("*.py") if not any(file.is_relative_to(at) for at in at_home)
    ]
    named = [
        (file.name, name)
        for file in files
        for name in profile.names()
        if name in file.read_text().lower()
    ]
    assert len(files) > 20
    assert named == []
