"""A fact whose very question is at the PSP waits for the answer, which says the same."""

from __future__ import annotations

import asyncpg
import pytest
from temporalio.client import Client

from activities.inbox.inbox import Inbox
from activities.inbox.relay import Relay
from activities.inbox.signals import Signals
from tests.activities.listening import QUEUE, an_event, heard_by, row_of, run_for
from tests.sealing import SEALS


@pytest.mark.parametrize(
    ("state", "seconds_ago", "waits"),
    [("asked", 0.0, True), ("asked", 5.0, False), ("pending", 0.0, False)],
)
async def test_an_event_waits_while_its_very_question_is_at_the_psp_and_no_longer(
    pool: asyncpg.Pool,
    owner: asyncpg.Pool,
    temporal_client: Client,
    state: str,
    seconds_ago: float,
    waits: bool,
) -> None:
    event = an_event()
    handle = await run_for(temporal_client, owner, event)
    await owner.execute(
        "INSERT INTO psp_instructions (key, payment_id, operation, psp, account, currency,"
        " amount_minor, rest, state, asked_at, answer) VALUES ($1, $2, 'authorize', 'p', 'a',"
        " 'EUR', 5000, false, $3, clock_timestamp() - $4 * interval '1 second', $5)",
        event.key,
        event.payment_id,
        state,
        seconds_ago,
        None if state == "asked" else '{"kind": "pending", "psp_ref": "psp-1"}',
    )
    await Inbox(pool).store([event])
    await Relay(pool, Signals(temporal_client, QUEUE, SEALS)).sweep()
    row = await row_of(pool, event)
    assert (row["delivered_at"] is None, row["parked"]) == (waits, None)
    assert await heard_by(temporal_client, handle) == ([] if waits else [event])
