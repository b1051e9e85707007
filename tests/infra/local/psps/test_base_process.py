"""A lookalike as a process: what it says when it cannot start, and who may look behind it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import httpx
import pytest

from infra.local.psps.base.profile import find, names
from infra.local.psps.base.server import lookalike
from infra.local.psps.base.settings import Settings
from infra.local.stack.processes import run
from tests.infra.local.psps.running import until
from tests.infra.local.psps.stripe_caller import stripe_lookalike
from tests.infra.local.psps.toy import CREDENTIALS, build

SECRET = "secret-of-nobody-else"


async def started(name: str, **values: str) -> tuple[int, str]:
    """The exit code and everything it said."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("PAYSAGA_")}
    settings = {f"PAYSAGA_LOOKALIKE_{key}": value for key, value in values.items()}
    command = [sys.executable, "-m", "infra.local.psps", name]
    return await run(command, environment={**ours, **settings})


async def test_a_name_nobody_has_is_answered_with_those_there_are() -> None:
    code, output = await started(
        "none", PORT="1", WEBHOOK_URL="http://127.0.0.1:2/x", CREDENTIALS="{}"
    )
    assert code != 0
    assert output.strip() == f"there is no lookalike of none; there are: {', '.join(names())}"


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
    code, output = await started("stripe", **{**right, **wrong})
    assert code != 0
    assert output.startswith("the settings of the lookalike are wrong: ")
    assert named in output
    assert SECRET not in output


@pytest.mark.parametrize("client", ["10.0.0.7", "127.0.0.1"])
async def test_only_the_machine_it_runs_on_looks_behind_it(client: str) -> None:
    settings = Settings(port=1, webhook_url="http://127.0.0.1:2/x", credentials=CREDENTIALS)
    from_there = httpx.ASGITransport(lookalike(build, settings).app, client=(client, 1))
    async with httpx.AsyncClient(transport=from_there, base_url="http://toy") as http:
        answer = await http.get("/_control/journal")
        assert answer.status_code == (200 if client == "127.0.0.1" else 403)


@pytest.mark.parametrize("name", names())
def test_every_profile_says_the_name_of_its_folder(name: str) -> None:
    profile = find(name)
    made = profile.make_credentials()
    assert profile.psp == name
    assert made.keys() == {"primary", "secondary"}
    assert made["primary"] != made["secondary"] != profile.make_credentials()["secondary"]
    ours = profile.plugin_environment(made, "http://127.0.0.1:3")
    assert all(key.startswith(f"PAYSAGA_{name.upper()}_") for key in ours)
    tokens = vars(profile.tokens)
    # Where every payment goes by a page, a challenge is nothing special.
    parts = tokens if profile.page_field is None else {**tokens, "challenge": None}
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
