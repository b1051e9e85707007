"""A process that is told too little, or wrongly, ends with one sentence that names the setting."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from infra.settings import Account, Postgres, Routing, Settings

URL = {"PAYSAGA_POSTGRES_URL": "postgresql://app:secret-word@127.0.0.1:1/paysaga"}
SANDBOX = {"PAYSAGA_PROFILE": "sandbox"}


async def ended(module: str, **told: str) -> tuple[int | None, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYSAGA_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *module.split()),
        env=kept | told,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    "module", ["workers", "api", "activities.migrations", "api.credentials list"]
)
async def test_a_missing_setting_is_named(module: str) -> None:
    code, said = await ended(module, **SANDBOX)
    assert code not in (0, None)
    assert "PAYSAGA_POSTGRES_URL: Field required" in said
    assert "Traceback" not in said


async def test_a_wrong_setting_is_named_and_never_repeated() -> None:
    code, said = await ended("workers", **SANDBOX, **URL, PAYSAGA_POSTGRES_POOL_SIZE="secret-word")
    assert code == 1
    assert "PAYSAGA_POSTGRES_POOL_SIZE" in said
    assert "secret-word" not in said


async def test_production_takes_nothing_for_granted() -> None:
    code, said = await ended("api", **URL)
    assert code == 1
    assert "PAYSAGA_API_RETURN_URL_HOSTS and PAYSAGA_ROUTING_ACCOUNTS" in said


async def test_an_account_at_a_psp_without_a_plugin_is_named_with_those_there_are() -> None:
    accounts = '[{"psp": "nobody", "id": "primary"}]'
    code, said = await ended("api", **URL, **SANDBOX, PAYSAGA_ROUTING_ACCOUNTS=accounts)
    assert code == 1
    assert "no plugin speaks to nobody; known PSPs:" in said


def test_psps_are_connected_before_an_account_at_them_exists() -> None:
    listed = Routing(accounts=[Account(psp="north", id="main")], psps=["south"])
    chosen = Settings(
        profile="sandbox", postgres=Postgres.model_validate({"url": "x"}), routing=listed
    )
    assert chosen.psps == {"north", "south"}
