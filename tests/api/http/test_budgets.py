"""What a flow costs the database: round trips, counted by Postgres itself.

The numbers are measured. Whoever makes a flow dearer changes them here, and says why.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest

from infra.local.stack.postgres import Database
from tests.api.callers import Caller, a_player, captured, intent, payout
from tests.workflows.world import FakePsp

Count = Callable[[Awaitable[httpx.Response | dict[str, Any]]], Awaitable[list[str]]]

_ASKED = """
SELECT s.query, s.calls FROM pg_stat_statements s
JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
JOIN pg_roles r ON r.oid = s.userid AND r.rolname ~ '^paysaga_(api|worker|app)$' WHERE s.toplevel
"""


_MOVING = """
SELECT EXISTS (SELECT FROM payments WHERE NOT final AND player_id LIKE 'budget-%')
"""


@pytest.fixture(scope="module")
async def count(database: Database) -> AsyncIterator[Count]:
    """Plays a flow and gives every statement that the application sent meanwhile."""
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    async def counted(flow: Awaitable[httpx.Response | dict[str, Any]]) -> list[str]:
        await admin.execute("SELECT pg_stat_statements_reset()")
        await flow
        async with asyncio.timeout(60):
            while await admin.fetchval(_MOVING):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        rows = await admin.fetch(_ASKED)
        return [row["query"] for row in rows for _ in range(row["calls"])]

    yield counted
    await admin.execute("DROP EXTENSION pg_stat_statements")
    await admin.close()


def budgeted() -> str:
    return f"budget-{uuid.uuid4().hex}"


def what(asked: list[str]) -> str:
    return "\n".join(sorted(asked))


async def test_a_plain_deposit(count: Count, platform: Caller, psp: FakePsp) -> None:
    await captured(platform, player_id=a_player())
    asked = await count(captured(platform, player_id=budgeted()))
    # Opened with its answer, then claim and answer; two tokens; screen and route, and its receipt.
    # Before each question to the PSP it is written down, and what came of it after it: a task that
    # is begun again finds it. The credit and the record are one.
    assert len(asked) == 12, what(asked)


async def test_a_refund(count: Count, platform: Caller, psp: FakePsp) -> None:
    deposit = await captured(platform, player_id=budgeted())
    # The first read of all opens a connection, which asks the server four things about itself.
    await platform.get(f"/v1/cashier/intents/{deposit['intent_id']}")
    path = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
    amount = {"amount": {"amount": "10.00", "currency": "EUR"}}
    asked = await count(platform.post(path, amount))
    # Token, look, open and answer; hold; the question and what came of it; the hold's capture and
    # the record in one.
    assert len(asked) == 8, what(asked)


async def test_a_payout(count: Count, platform: Caller, psp: FakePsp) -> None:
    player = budgeted()
    await captured(platform, player_id=player)
    asked = await count(platform.post("/v1/cashier/payouts", payout(player_id=player)))
    # Token, open and answer; screen, hold, route and its receipt; the question, which asks for
    # stops too, and what came of it; the hold's capture and the record in one.
    assert len(asked) == 10, what(asked)


async def test_a_repeated_request(count: Count, platform: Caller, psp: FakePsp) -> None:
    await platform.post("/v1/cashier/intents", intent(), key="budget-1")
    again = count(platform.post("/v1/cashier/intents", intent(), key="budget-1"))
    # The token and the key: nothing else is asked for what was answered before.
    assert len(await again) == 2
