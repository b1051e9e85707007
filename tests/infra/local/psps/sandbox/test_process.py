"""The sandbox PSP as a process: how it starts, says what is wrong, and ends."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.infra.local.psps.sandbox.client import (
    KEYS,
    SECRET,
    SandboxPsp,
    authorization,
    fresh,
    launch,
    sandbox_psp,
    until,
)


@pytest.fixture(scope="module")
async def psp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxPsp]:
    async with sandbox_psp(tmp_path_factory.mktemp("process")) as running:
        yield running


async def ended(environment: dict[str, str]) -> tuple[int | None, list[str]]:
    process = await launch(environment)
    output, _ = await process.communicate()
    return process.returncode, output.decode().splitlines()


async def test_a_wrong_setting_is_named_in_one_sentence(psp: SandboxPsp) -> None:
    wrong = {
        "PAYSAGA_SANDBOX_PSP_PORT": "many",
        "PAYSAGA_SANDBOX_PSP_WEBHOOK_URL": "ftp://somewhere",
        "PAYSAGA_SANDBOX_PSP_WEBHOOK_SECRET": "whsec_short",
        "PAYSAGA_SANDBOX_PSP_KEY_SECONDARY": "too short",
    }
    environments = [{**psp.environment, name: value} for name, value in wrong.items()]
    for (name, value), (code, lines) in zip(
        wrong.items(), await asyncio.gather(*map(ended, environments)), strict=True
    ):
        assert (code, len(lines)) == (2, 1)
        assert name in lines[0]
        assert value not in lines[0]


async def test_a_missing_secret_is_named(psp: SandboxPsp) -> None:
    environment = {k: v for k, v in psp.environment.items() if not k.endswith("_SECRET")}
    code, lines = await ended(environment)
    assert (code, len(lines)) == (2, 1)
    assert "PAYSAGA_SANDBOX_PSP_WEBHOOK_SECRET" in lines[0]


async def test_two_accounts_with_one_key_are_refused(psp: SandboxPsp) -> None:
    environment = {**psp.environment, "PAYSAGA_SANDBOX_PSP_KEY_SECONDARY": KEYS["primary"]}
    code, lines = await ended(environment)
    assert (code, "must differ" in lines[0]) == (2, True)


async def test_a_taken_port_is_said_in_one_sentence(psp: SandboxPsp) -> None:
    code, lines = await ended(psp.environment)
    assert (code, len(lines)) == (1, 1)
    assert psp.environment["PAYSAGA_SANDBOX_PSP_PORT"] in lines[0]
    assert "PAYSAGA_SANDBOX_PSP_PORT" in lines[0]


async def test_it_ends_at_once_when_told_to_and_kept_its_log_quiet(psp: SandboxPsp) -> None:
    slow = asyncio.create_task(psp.write("/authorizations", authorization("tok_slow")))
    await until(lambda: psp.has_done(""))
    began = time.monotonic()
    code, output = await psp.stop()
    assert code == 0
    assert time.monotonic() - began < 2
    assert output == f"INFO the sandbox PSP listens on {psp.url}\n"
    assert not any(secret in output for secret in (*KEYS.values(), SECRET))
    with pytest.raises(Exception, match="disconnected"):
        await slow
    await psp.start()
    [entry] = await psp.journal("")
    assert entry["outcome"] == "approved"


async def test_what_was_answered_before_a_kill_is_in_the_journal_once(psp: SandboxPsp) -> None:
    answered: list[str] = []

    async def keep_asking() -> None:
        while True:
            answered.append((await psp.authorize(reference=fresh("kill")))["id"])

    asking = [asyncio.create_task(keep_asking()) for _ in range(4)]
    await until(lambda: psp.has_done("kill_"))
    await asyncio.sleep(0.1)
    await psp.stop(signal.SIGKILL)
    for ended_by in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(ended_by, httpx.TransportError)
    await psp.start()
    done = [entry["id"] for entry in await psp.journal("kill_")]
    assert len(answered) > 10
    assert len(set(done)) == len(done)
    assert set(answered) <= set(done)
