"""One brand's streams, estimates and requests cost another one nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from activities.access.credential import Role
from activities.access.issuer import Issuer
from activities.access.tokens import prefix_of
from activities.psp.catalog import Catalog
from activities.registry import versions
from activities.settings import Settings
from api.app import create_app
from infra.local.stack.ports import free_ports
from infra.local.stack.postgres import Database
from tests.api.callers import Caller, intent, slug
from tests.api.conftest import Issue
from tests.api.routing.test_estimates import lately
from tests.api.routing_desk import POLICIES, Desk, a_brand, order, policy
from tests.workflows.world import FakePsp

INTENTS = "/v1/cashier/intents"
_ASKED = """
SELECT coalesce(sum(s.calls), 0)::integer FROM pg_stat_statements s
JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
JOIN pg_roles r ON r.oid = s.userid AND r.rolname <> 'postgres' WHERE s.toplevel
"""


_CLAIMED = "SELECT count(*) FROM idempotency_keys WHERE key = ANY ($1)"


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[tuple[FastAPI, str]]:
    """An API of its own, at an address: only there a stream arrives bit by bit."""
    made = create_app(settings, Catalog())
    (port,) = free_ports(1)
    config = uvicorn.Config(made, port=port, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(made.router.lifespan_context(made))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        try:
            yield made, f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await serving


def speaking(url: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        limits=httpx.Limits(max_connections=None),
        timeout=60,
    )


class Streams:
    """Those that somebody holds open."""

    def __init__(self, client: httpx.AsyncClient, stack: AsyncExitStack) -> None:
        self._client = client
        self._stack = stack
        self._lines: list[Any] = []

    async def open(self, path: str) -> AsyncIterator[str]:
        """Its lines; the first version has been read."""
        answer = await self._stack.enter_async_context(self._client.stream("GET", path))
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        self._lines.append(lines)
        while not (await anext(lines)).startswith("data: "):
            pass
        return lines


@asynccontextmanager
async def streaming(url: str, token: str) -> AsyncIterator[Streams]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(speaking(url, token))
        yield Streams(client, await stack.enter_async_context(AsyncExitStack()))


async def opened(platform: Caller, brand: str) -> str:
    """Where an intent of the brand is watched."""
    made = await platform.post(INTENTS, intent(metadata={"brand_id": brand, "region": "eu"}))
    return f"{INTENTS}/{made.json()['intent_id']}/events"


async def test_the_streams_of_one_brand_leave_another_its_own(
    settings: Settings, issue: Issue, psp: FakePsp
) -> None:
    mine, other = a_brand(), a_brand()
    greedy = await issue(Role.PLATFORM, brands=(mine,))
    modest = await issue(Role.PLATFORM, brands=(other,))
    few = settings.api.model_copy(update={"streams_per_brand": 3})
    path, theirs = await opened(greedy, mine), await opened(modest, other)
    async with served(settings.model_copy(update={"api": few})) as (_, url):
        async with streaming(url, greedy.token) as held:
            for _ in range(3):
                await held.open(path)
            async with (
                speaking(url, greedy.token) as client,
                client.stream("GET", path) as refused,
            ):
                assert refused.status_code == 429
                await refused.aread()
                assert (slug(refused), refused.headers["Retry-After"]) == ("share-used-up", "5")
                assert (refused.json()["share"], refused.json()["at_most"]) == ("streams", 3)
            async with streaming(url, modest.token) as free:
                await free.open(theirs)
        async with asyncio.timeout(60), streaming(url, greedy.token) as again:
            while True:
                try:
                    await again.open(path)
                    break
                except AssertionError:
                    # The server notices soon that those are gone.
                    await asyncio.sleep(0.05)


async def test_a_hundred_idle_streams_ask_the_database_no_more_than_ten(
    settings: Settings, issue: Issue, database: Database, psp: FakePsp
) -> None:
    brand = a_brand()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    paths = [await opened(platform, brand) for _ in range(5)]
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    try:
        async with served(settings) as (_, url), streaming(url, platform.token) as held:
            for number in (10, 90):
                for one in range(number):
                    await held.open(paths[one % 5])
                async with asyncio.timeout(60):
                    # Once a second: are their tokens valid? Every fifteen: was anything missed?
                    while await asked_in_three_seconds(admin) > 6:
                        pass
    finally:
        await admin.execute("DROP EXTENSION pg_stat_statements")
        await admin.close()


async def asked_in_three_seconds(admin: asyncpg.Connection) -> int:
    await admin.execute("SELECT pg_stat_statements_reset()")
    await asyncio.sleep(3)
    return int(await admin.fetchval(_ASKED))


async def test_a_stream_is_woken_at_once(
    settings: Settings, platform: Caller, psp: FakePsp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "POLL_SECONDS", 3600.0)
    monkeypatch.setattr(versions, "AWAY_SECONDS", 3600.0)
    path = await opened(platform, "acme")
    async with served(settings) as (app, url), streaming(url, platform.token) as held:
        lines = await held.open(path)
        hub = app.state.ground.access.streams._versions
        async with asyncio.timeout(60):
            while not hub.listening:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await platform.post(path.replace("/events", "/cancel"))
            while not (await anext(lines)).startswith("data: "):
                pass


async def test_streams_go_on_when_the_listening_connection_is_cut(
    settings: Settings, platform: Caller, database: Database, psp: FakePsp
) -> None:
    path = await opened(platform, "acme")
    admin = await asyncpg.connect(database.admin_url)
    async with served(settings) as (app, url), streaming(url, platform.token) as held:
        lines = await held.open(path)
        hub = app.state.ground.access.streams._versions
        async with asyncio.timeout(60):
            while not hub.listening:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
            )
            await platform.post(path.replace("/events", "/cancel"))
            while not (await anext(lines)).startswith("data: "):
                pass
            while not hub.listening:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    await admin.close()


@pytest.mark.parametrize("how", ["revoked", "expired"])
async def test_a_stream_ends_with_its_token(
    settings: Settings, platform: Caller, owner: asyncpg.Pool, psp: FakePsp, how: str
) -> None:
    path, name = await opened(platform, "acme"), f"leaver-{uuid.uuid4().hex[:8]}"
    token = await Issuer(owner).issue(name, [Role.PLATFORM], ["acme"])
    async with served(settings) as (_, url), streaming(url, token) as held:
        lines = await held.open(path)
        async with streaming(url, platform.token) as stays:
            others = await stays.open(path)
            if how == "revoked":
                await Issuer(owner).revoke(name)
            else:
                await owner.execute(
                    "UPDATE credentials SET expires_at = now() WHERE prefix = $1", prefix_of(token)
                )
            async with asyncio.timeout(60):
                assert [line async for line in lines if line.startswith("data: ")] == []
            await platform.post(path.replace("/events", "/cancel"))
            async with asyncio.timeout(60):
                while not (await anext(others)).startswith("data: "):
                    pass


async def test_the_estimates_of_one_brand_leave_another_its_own(
    app: FastAPI, desk: Desk, issue: Issue, name: str, psp: FakePsp
) -> None:
    mine, other = a_brand(), a_brand()
    for brand in (mine, other):
        proposed = await desk.ann.post(POLICIES, policy(brand, default=order(f"{name}/primary")))
        assert proposed.status_code == 201, proposed.text
    judging, key = app.state.routing.judging, uuid.uuid4().hex
    path, body = f"{POLICIES}/p-{mine}/estimate", lately()
    with judging.taken(mine):
        many = await asyncio.gather(*(desk.ann.post(path, body) for _ in range(20)))
        refused = await desk.ann.post(path, body, key=key)
        assert {answer.status_code for answer in (*many, refused)} == {429}
        assert (slug(refused), refused.headers["Retry-After"]) == ("share-used-up", "10")
        assert refused.json()["share"] == "estimates"
        theirs = await desk.ann.post(f"{POLICIES}/p-{other}/estimate", body)
        assert theirs.status_code == 201, theirs.text
    again = await desk.ann.post(path, body, key=key)
    assert again.status_code == 201, "that the share was used up is no answer to keep"


async def test_a_brand_that_waits_for_temporal_keeps_no_connection_from_others(
    settings: Settings, issue: Issue, owner: asyncpg.Pool
) -> None:
    """Nobody works on the queue: every command waits, and reads are answered all the same."""
    alone = settings.model_copy(
        update={
            "temporal": settings.temporal.model_copy(update={"core_queue": "nobody-works-there"}),
            "api": settings.api.model_copy(update={"answer_seconds": 5.0}),
            "postgres": settings.postgres.model_copy(update={"pool_size": 2}),
        }
    )
    brand = a_brand()
    platform = await issue(Role.PLATFORM, brands=(brand,))
    wish = intent(metadata={"brand_id": brand, "region": "eu"})
    async with served(alone) as (app, url), speaking(url, platform.token) as client:
        keys = [{"X-Idempotency-Key": uuid.uuid4().hex} for _ in range(9)]
        made = await client.post(INTENTS, json=wish, headers=keys.pop())
        path = f"{INTENTS}/{made.json()['intent_id']}/authorize"
        commands = [asyncio.create_task(client.post(path, headers=key)) for key in keys]
        names = [key["X-Idempotency-Key"] for key in keys]
        async with asyncio.timeout(60):
            while await owner.fetchval(_CLAIMED, names) < len(names):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert not any(command.done() for command in commands), "they wait at the same time"
        assert (await client.get(INTENTS)).status_code == 200
        assert {answer.status_code for answer in await asyncio.gather(*commands)} <= {202, 503}
        assert app.state.ground.access.turns._free == 2
