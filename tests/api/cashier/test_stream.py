"""The event stream of an intent, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from infra.local.stack.ports import free_ports
from tests.api.callers import Caller, intent, slug
from tests.workflows.world import FakePsp

INTENTS = "/v1/cashier/intents"


@pytest.fixture
async def front_end(app: FastAPI, platform: Caller) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API's own server, since only there a stream arrives bit by bit."""
    (port,) = free_ports(1)
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, lifespan="off", log_config=None, access_log=False)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=platform._headers({}), trust_env=False
    ) as client:
        yield client
    server.should_exit = True
    await serving


async def read(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def test_a_front_end_sees_every_version_until_the_end(
    platform: Caller, front_end: httpx.AsyncClient, psp: FakePsp
) -> None:
    wish = intent(capture_method="manual")
    opened = (await platform.post(INTENTS, wish)).json()
    path = f"{INTENTS}/{opened['intent_id']}"
    async with front_end.stream("GET", f"{path}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        versions = read(response)
        assert (await anext(versions))["status"] == "INITIATED"
        await platform.post(f"{path}/authorize")
        assert (await anext(versions))["status"] == "AUTHORIZED"
        await platform.post(f"{path}/void")
        last = await anext(versions)
        assert (last["status"], last["final"], last["version"]) == ("VOIDED", True, 3)
        assert [more async for more in versions] == []


async def test_a_stream_resumes_after_the_last_version_seen(
    platform: Caller, front_end: httpx.AsyncClient, psp: FakePsp
) -> None:
    opened = (await platform.post(INTENTS, intent())).json()
    await platform.post(f"{INTENTS}/{opened['intent_id']}/authorize")
    path = f"{INTENTS}/{opened['intent_id']}/events"
    async with front_end.stream("GET", path, headers={"Last-Event-ID": "1"}) as response:
        assert [version["version"] async for version in read(response)] == [2]
    wrong = await platform.get(path, Last_Event_ID="soon")
    assert (wrong.status_code, slug(wrong)) == (422, "invalid-request")
