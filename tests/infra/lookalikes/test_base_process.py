"""A lookalike as a process: what it says when it cannot start, and who may look behind it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import httpx
import pytest

from infra.local.processes import run
from infra.lookalikes.server import application
from infra.lookalikes.settings import Settings
from infra.lookalikes.stage import find, names
from tests.infra.lookalikes.running import until
from tests.infra.lookalikes.stripe_caller import stripe_lookalike
from tests.infra.lookalikes.toy import CREDENTIALS, build

SECRET = "secret-of-nobody-else"


async def started(name: str, **told: str) -> tuple[int, str]:
    """The exit code and everything it said."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("PAYSAGA_")}
    settings = {f"PAYSAGA_LOOKALIKE_{key}": value for key, value in told.items()}
    command = [sys.executable, "-m", "infra.lookalikes", name]
    return await run(command, environment={**ours, **settings})


async def test_a_name_nobody_has_is_answered_with_those_there_are() -> None:
    code, said = await started(
        "none", PORT="1", WEBHOOK_URL="http://127.0.0.1:2/x", CREDENTIALS="{}"
    )
    assert code != 0
    assert said.strip() == f"there is no lookalike of none; there are: {', '.join(names())}"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"PORT": "0"}, "PAYSAGA_LOOKALIKE_PORT"),
        ({"WEBHOOK_URL": "nowhere"}, "PAYSAGA_LOOKALIKE_WEBHOOK_URL"),
        ({"CREDENTIALS": f"{{{SECRET}"}, "PAYSAGA_LOOKALIKE_CREDENTIALS"),
        ({"CREDENTIALS": f'{{"primary": "{SECRET}"}}'}, "PAYSAGA_LOOKALIKE_CREDENTIALS"),
    ],
)
async def test_a_wrong_setting_is_named_and_never_shown(wrong: dict[str, str], named: str) -> None:
    right = {"PORT": "1", "WEBHOOK_URL": "http://127.0.0.1:2/x", "CREDENTIALS": "{}"}
    code, said = await started("stripe", **{**right, **wrong})
    assert code != 0
    assert said.startswith("the settings of the lookalike are wrong: ")
    assert named in said
    assert SECRET not in said


@pytest.mark.parametrize("client", ["10.0.0.7", "127.0.0.1"])
async def test_only_the_machine_it_runs_on_looks_behind_it(client: str) -> None:
    settings = Settings(port=1, webhook_url="http://127.0.0.1:2/x", credentials=CREDENTIALS)
    from_there = httpx.ASGITransport(application(build, settings), client=(client, 1))
    async with httpx.AsyncClient(transport=from_there, base_url="http://toy") as http:
        answer = await http.get("/_control/journal")
        assert answer.status_code == (200 if client == "127.0.0.1" else 403)


@pytest.mark.parametrize("name", names())
def test_every_stage_says_the_name_of_its_folder(name: str) -> None:
    stage = find(name)
    made = stage.make_credentials()
    assert stage.psp == name
    assert made.keys() == {"primary", "secondary"}
    assert made["primary"] != made["secondary"] != stage.make_credentials()["secondary"]
    ours = stage.plugin_environment(made, "http://127.0.0.1:3")
    assert all(key.startswith(f"PAYSAGA_{name.upper()}_") for key in ours)
    tokens = vars(stage.tokens)
    # Where every payment goes by a page, a challenge is nothing special.
    parts = tokens if stage.page_field is None else {**tokens, "challenge": None}
    assert len(set(parts.values())) == len(parts)


async def test_it_stops_at_once_whatever_is_under_way(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with stripe_lookalike(tmp_path) as merchant:
        merchant.at.receiver.refusals = 1_000
        await merchant.captured("pm_card_pendingRefund")
        await merchant.at.order("faults", fault="slow", seconds=60)
        slow = asyncio.create_task(merchant.authorize())
        await until(lambda: len(merchant.at.receiver.heard) > 2)
        before = time.monotonic()
    assert time.monotonic() - before < 5
    with pytest.raises(httpx.TransportError):
        await slow
    assert "Traceback" not in "".join(capfd.readouterr())
