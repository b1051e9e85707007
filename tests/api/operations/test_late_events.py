"""What a PSP tells of a payment that is over goes from the inbox to the platform's events."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import asyncpg
from temporalio.client import Client
from temporalio.service import RPCError

from activities.inbox.inbox import Inbox
from activities.inbox.relay import Relay
from activities.inbox.signals import Signals
from activities.registry.books import RegistryBooks
from activities.settings import Settings
from tests.api.callers import Caller, captured, payout
from tests.sealing import SEALS
from tests.workflows.world import FakePsp
from workflows.domain.events import PspEvent
from workflows.domain.identity import LATE_EVENT, late_workflow_id
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Operation


async def test_a_payout_that_the_bank_returns_is_the_player_s_again(
    platform: Caller,
    psp: FakePsp,
    pool: asyncpg.Pool,
    temporal_client: Client,
    settings: Settings,
) -> None:
    player = f"player-{uuid.uuid4().hex}"
    await captured(platform, player_id=player)
    made = (await platform.post("/v1/cashier/payouts", payout(player_id=player))).json()
    path = f"/v1/cashier/payouts/{made['payout_id']}"
    await until_shown(platform, path, "PAYOUT_SETTLED")
    ten = Money(1000, "EUR")
    back = PspEvent(
        psp=settings.routing.accounts[0].psp,
        event_id=f"evt-{uuid.uuid4().hex}",
        key=f"{made['payout_id']}:payout:1",
        operation=Operation.PAYOUT,
        reply=Declined("returned", soft=False, code="AC04"),
        amount=ten,
    )
    await Inbox(pool).store([back])
    relay = Relay(pool, Signals(temporal_client, settings.temporal.core_queue, SEALS))
    relaying = asyncio.create_task(relay.run())
    shown = await until_shown(platform, path, "PAYOUT_RETURNED")
    relaying.cancel()
    await asyncio.gather(relaying, return_exceptions=True)
    assert (shown["final"], shown["decline"]["reason"]) == (True, "returned")
    row = await pool.fetchrow("SELECT * FROM inbox_events WHERE event_id = $1", back.event_id)
    assert row is not None
    assert (row["delivered_at"] is not None, row["parked"]) == (True, None)
    returned = await pool.fetch(
        "SELECT kind, amount_minor FROM transfers WHERE key = $1", f"{made['payout_id']}:return"
    )
    assert [tuple(transfer) for transfer in returned] == [("credit", 1000)]
    events = await pool.fetch(
        "SELECT type FROM outgoing_events WHERE payment_id = $1 ORDER BY sequence",
        made["payout_id"],
    )
    assert [event["type"] for event in events][-2:] == ["payout.settled", "payout.returned"]


async def test_a_fact_that_repeats_what_the_books_have_needs_no_run(
    platform: Caller,
    psp: FakePsp,
    pool: asyncpg.Pool,
    temporal_client: Client,
    settings: Settings,
) -> None:
    deposit = await captured(platform, player_id=f"player-{uuid.uuid4().hex}")
    payment_id = deposit["intent_id"]
    name = settings.routing.accounts[0].psp

    async def heard(amount: Money) -> str:
        event = PspEvent(
            psp=name,
            event_id=f"evt-{uuid.uuid4().hex}",
            key=f"{payment_id}:capture",
            operation=Operation.CAPTURE,
            reply=Approved("psp-1", amount),
            amount=amount,
        )
        await Inbox(pool).store([event])
        queue = settings.temporal.core_queue
        signals = Signals(temporal_client, queue, SEALS)
        await Relay(pool, signals, books=RegistryBooks(pool)).sweep()
        row = await pool.fetchrow("SELECT * FROM inbox_events WHERE event_id = $1", event.event_id)
        assert row is not None
        assert row["delivered_at"] is not None
        run = temporal_client.get_workflow_handle(late_workflow_id(payment_id))
        try:
            return str((await run.describe()).workflow_type)
        except RPCError as error:
            return error.status.name

    assert await heard(Money(5000, "EUR")) == "NOT_FOUND"
    # What does not agree is seen to.
    assert await heard(Money(4999, "EUR")) == LATE_EVENT


async def test_a_fact_for_which_a_late_run_may_wait_reaches_it(
    platform: Caller,
    psp: FakePsp,
    pool: asyncpg.Pool,
    owner: asyncpg.Pool,
    temporal_client: Client,
    settings: Settings,
) -> None:
    deposit = await captured(platform, player_id=f"player-{uuid.uuid4().hex}")
    payment_id, ten = deposit["intent_id"], Money(1000, "EUR")
    name = settings.routing.accounts[0].psp
    key = f"{payment_id}:void:7"
    await owner.execute(
        "INSERT INTO psp_instructions (key, payment_id, operation, psp, account, currency,"
        " amount_minor, rest, state, answer) VALUES ($1, $2, 'void', $3, 'primary', 'EUR', 1000,"
        ' true, \'pending\', \'{"kind": "pending", "psp_ref": "psp-7"}\')',
        key,
        payment_id,
        name,
    )
    event = PspEvent(
        psp=name,
        event_id=f"evt-{uuid.uuid4().hex}",
        key=key,
        operation=Operation.VOID,
        reply=Approved("psp-7", ten),
        amount=ten,
    )
    await Inbox(pool).store([event])
    signals = Signals(temporal_client, settings.temporal.core_queue, SEALS)
    await Relay(pool, signals, books=RegistryBooks(pool)).sweep()
    run = temporal_client.get_workflow_handle(late_workflow_id(payment_id))
    assert (await run.describe()).workflow_type == LATE_EVENT


async def until_shown(caller: Caller, path: str, status: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            shown: dict[str, Any] = (await caller.get(path)).json()
            if shown["status"] == status:
                return shown
            await asyncio.sleep(0.05)
