"""One genuine message signs no other: at the door, whoever sends it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from activities.psp.catalog import Catalog, found
from activities.psp.certification import Signed, SignsAPart
from activities.psp.contract import HearsWebhooks
from activities.settings import Settings
from api.app import create_app
from infra.settings import Inbox, Temporal
from tests.activities.psp.certifying import NOWHERE, Connected, certification_of
from tests.api.callers import slug
from tests.api.conftest import speaking_to


def signs_a_checksum() -> list[str]:
    """PSPs whose webhooks are hearsay."""
    plugins = found().items()
    return [name for name, plugin in plugins if isinstance(certification_of(plugin), SignsAPart)]


@pytest.fixture(scope="module")
async def door(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Of an API whose Temporal is away; every refusal is a row of its own."""
    away = {"temporal": Temporal(address="127.0.0.1:1"), "inbox": Inbox(security_seconds=0)}
    plugins = {
        name: Connected(plugin, NOWHERE)
        for name, plugin in found().items()
        if isinstance(certification_of(plugin).connect(NOWHERE), HearsWebhooks)
    }
    made = create_app(settings.model_copy(update=away), Catalog(plugins))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(made.router.lifespan_context(made))
        yield await stack.enter_async_context(speaking_to(made))


async def sent(door: httpx.AsyncClient, psp: str, message: Signed) -> httpx.Response:
    headers = {"content-type": "application/json", **message.headers}
    return await door.post(f"/webhooks/{psp}", content=message.body, headers=headers)


async def stored(pool: asyncpg.Pool, psp: str) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM inbox_events WHERE psp = $1", psp)
    return count


def a_capture(psp: str) -> dict[str, Any]:
    folder: Path = certification_of(found()[psp]).examples
    examples = (json.loads(path.read_text()) for path in sorted(folder.glob("*.json")))
    webhooks = (each for each in examples if each.get("webhook") and each["becomes"])
    return next(
        each["webhook"]
        for each in webhooks
        if each["becomes"][0]["operation"] == "capture" and not each["becomes"][0].get("unasked")
    )


@pytest.mark.parametrize("psp", signs_a_checksum())
async def test_what_a_genuine_message_does_not_sign_is_no_second_event(
    door: httpx.AsyncClient, pool: asyncpg.Pool, psp: str
) -> None:
    """Also not of a sending that was heard before: its name is bound to the first body."""
    certification = certification_of(found()[psp])
    genuine = certification.sign(json.dumps(a_capture(psp)).encode(), int(time.time()))
    assert (await sent(door, psp, genuine)).status_code == 200
    before = await stored(pool, psp)
    assert isinstance(certification, SignsAPart)
    for forged in certification.unsigned(genuine):
        answer = await sent(door, psp, forged)
        assert answer.status_code in (200, 401)
        if answer.status_code == 401:
            assert (slug(answer), answer.json()["detail"]) == ("webhook-refused", "another_body")
    assert await stored(pool, psp) == before
    assert (await sent(door, psp, genuine)).status_code == 200


async def test_another_body_under_the_name_of_a_sending_is_a_security_event(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    refused = "SELECT count(*) FROM security_events WHERE rule = 'another_body' AND status = 401"
    before = await pool.fetchval(refused)
    certification = certification_of(found()["paypal"])
    assert isinstance(certification, SignsAPart)
    genuine = certification.sign(json.dumps(a_capture("paypal")).encode(), int(time.time()))
    assert (await sent(door, "paypal", genuine)).status_code == 200
    assert (await sent(door, "paypal", certification.unsigned(genuine)[0])).status_code == 401
    assert await pool.fetchval(refused) > before
