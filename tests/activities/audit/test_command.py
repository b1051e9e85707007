"""`make audit` against a whole stack: nothing is invented on one that works, a forgery is named."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from activities.audit.audit import audit
from infra.local.demo import stories
from infra.local.demo.play import scene
from infra.local.stack.addresses import Stack
from infra.local.stack.processes import run
from infra.local.stack.stack import local_stack
from infra.postgres import open_pool
from infra.settings import Postgres, Temporal
from infra.temporal import connect
from tests.api.callers import intent

INTENTS = "/v1/cashier/intents"
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """With what every kind of payment leaves behind in its books."""
    async with local_stack(tmp_path_factory.mktemp("stack"), durable=False) as running:
        async with scene(running) as at:
            for story in stories.STORIES:
                await story.play(at.cashier)
        yield running


async def make_audit(stack: Stack, *flags: str) -> tuple[int, str]:
    """As the person who started the stack by `make up`, from its `local.env` alone."""
    beside = {"PATH": os.environ["PATH"], "PAYSAGA_LOCAL_FOLDER": str(stack.folder)}
    ready = ["--old-file", ".venv/.ready", "BIN=" + str(Path(sys.executable).parent)]
    asked = [
        shutil.which("make") or "make",
        "--directory",
        str(ROOT),
        *ready,
        "audit",
        f"AUDIT={' '.join(flags)}",
    ]
    return await run(asked, environment=beside)


async def test_it_just_works_beside_a_running_stack(stack: Stack) -> None:
    code, output = await make_audit(stack)
    assert code == 0, output
    assert "VIOLATED" not in output
    assert "not checked" not in output
    for number in range(1, 13):
        assert f"\nI{number} " in f"\n{output}"


async def test_nothing_is_invented_while_payments_are_under_way(stack: Stack) -> None:
    """Also not of captures whose answer was lost, which the PSP knows and we do not yet."""
    tokens = ("tok_ok", "tok_async", "tok_soft_first", "tok_lost_capture", "tok_capture_refused")
    playing = asyncio.gather(*(deposits(stack, token, 3) for token in tokens))
    client = await connect(Temporal(address=stack.temporal.address))
    reports = []
    async with await open_pool(
        Postgres.model_validate({"url": stack.postgres.database().auditor_url})
    ) as pool:
        while not playing.done():
            reports.append(await audit(pool, client, stack.psp_url))
    await playing
    assert len(reports) > 1
    assert [found for report in reports for found in report.broken] == []


async def deposits(stack: Stack, token: str, number: int) -> None:
    bearer = {"Authorization": f"Bearer {stack.tokens.platform}"}
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=40, headers=bearer) as http:
        for _ in range(number):
            key = {"X-Idempotency-Key": uuid.uuid4().hex}
            opened = await http.post(INTENTS, json=intent(payment_token=token), headers=key)
            name = opened.json()["intent_id"]
            done = await http.post(
                f"{INTENTS}/{name}/authorize", headers={"X-Idempotency-Key": name}
            )
            assert done.is_success, done.text


async def test_it_names_what_was_forged_and_ends_with_an_error(stack: Stack) -> None:
    forger = await asyncpg.connect(stack.postgres.admin_url, ssl=False)
    try:
        await forger.execute("SET session_replication_role = replica")
        forged = await forger.fetchval(
            "UPDATE accounts SET balance = balance + 1 "
            "WHERE id = (SELECT min(id) FROM accounts WHERE balance > 0) RETURNING name"
        )
        code, output = await make_audit(stack, "--patience", "0")
        await forger.execute("UPDATE accounts SET balance = balance - 1 WHERE name = $1", forged)
    finally:
        await forger.close()
    assert code == 2, "make's own word for a command that failed"
    assert f"     - {forged} EUR: balance " in output
    assert "1 of " in output
    assert "Error 1" in output


async def test_what_could_not_be_read_is_no_verdict(stack: Stack, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "activities.audit"]
    code, output = await run(command, environment={"PATH": os.environ["PATH"]})
    assert (code, "PAYSAGA_POSTGRES_URL" in output, "make up" in output) == (2, True, True)
    away = "http://127.0.0.1:1"
    code, output = await run(
        command, environment={**stack.environment, "PAYSAGA_SANDBOX_PSP_URL": away}
    )
    assert (code, f"the PSP at {away} did not show its book" in output) == (2, True)
    code, output = await run(
        command, environment={**stack.environment, "PAYSAGA_TEMPORAL_ADDRESS": "127.0.0.1:1"}
    )
    assert (code, "Temporal could not be asked" in output) == (2, True)
