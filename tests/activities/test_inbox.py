"""A verified event is stored once, by its first telling, whoever tells it how often."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

import asyncpg
import pytest

from activities.inbox.inbox import Inbox
from activities.inbox.unstored import Contested, NonceUsed, Unstorable
from tests.activities.listening import an_event, cases_of, row_of
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Pending


async def count_of(pool: asyncpg.Pool, event: PspEvent) -> int:
    count: int = await pool.fetchval(
        "SELECT count(*) FROM inbox_events WHERE event_id = $1", event.event_id
    )
    return count


async def test_an_event_that_comes_a_hundred_times_at_once_is_one_row(pool: asyncpg.Pool) -> None:
    event = an_event()
    stored = await asyncio.gather(*(Inbox(pool).store([event]) for _ in range(100)))
    assert sum(stored) == 1
    assert await count_of(pool, event) == 1


async def test_the_same_event_id_of_two_psps_is_two_events(pool: asyncpg.Pool) -> None:
    event = an_event()
    assert await Inbox(pool).store([event, replace(event, psp="other")]) == 2


async def test_a_nonce_that_comes_a_hundred_times_at_once_counts_once(pool: asyncpg.Pool) -> None:
    event, nonce = an_event(), uuid.uuid4().hex
    stores = (Inbox(pool).store([event], psp="sandbox", nonce=nonce) for _ in range(100))
    ended = await asyncio.gather(*stores, return_exceptions=True)
    assert [each for each in ended if not isinstance(each, NonceUsed)] == [1]
    assert await Inbox(pool).store([], psp="another", nonce=nonce) == 0


async def test_a_nonce_is_used_only_where_its_events_are_stored(pool: asyncpg.Pool) -> None:
    event, nonce = an_event(), uuid.uuid4().hex
    with pytest.raises(Unstorable):
        await Inbox(pool).store([replace(event, key="in_\0")], psp="sandbox", nonce=nonce)
    assert await Inbox(pool).store([event], psp="sandbox", nonce=nonce) == 1


async def test_a_nonce_is_forgotten_once_its_signature_is_stale(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    old, young = uuid.uuid4().hex, uuid.uuid4().hex
    for nonce in (old, young):
        await Inbox(pool).store([], psp="sandbox", nonce=nonce)
    await owner.execute(
        "UPDATE inbox_nonces SET used_at = now() - interval '16 minutes' WHERE nonce = $1", old
    )
    assert await Inbox(pool).forget_nonces() >= 1
    assert await Inbox(pool).store([], psp="sandbox", nonce=old) == 0
    with pytest.raises(NonceUsed):
        await Inbox(pool).store([], psp="sandbox", nonce=young)


async def test_the_first_telling_counts_and_the_other_facts_are_a_case(pool: asyncpg.Pool) -> None:
    event = an_event()
    others = [
        replace(event, amount=Money(9000, "EUR")),
        replace(event, amount=Money(5000, "USD")),
        replace(event, key=f"{event.payment_id}:capture:1"),
        replace(event, reply=Pending("auth-1")),
    ]
    await Inbox(pool).store([event])
    for other in others:
        with pytest.raises(Contested):
            await Inbox(pool).store([other])
    assert (await row_of(pool, event))["event"]["amount"] == {
        "minor_units": 5000,
        "currency": "EUR",
    }
    [case] = await cases_of(pool, event)
    assert (case["kind"], case["money_at_risk_minor"], case["currency"]) == (
        "contradiction",
        5000,
        "EUR",
    )


async def test_what_a_psp_does_not_sign_may_be_told_in_other_words_and_nothing_else(
    pool: asyncpg.Pool,
) -> None:
    event = replace(an_event(), unsigned=("occurred_at", "reply.psp_ref"))
    await Inbox(pool).store([event])
    other_words = replace(event, occurred_at="2026-03-02T13:00:00Z", reply=Pending("another_page"))
    in_other_words = replace(event, occurred_at="2026-03-02T13:00:00Z")
    assert await Inbox(pool).store([in_other_words]) == 0
    for contradiction in (other_words, replace(in_other_words, amount=Money(1, "EUR"))):
        with pytest.raises(Contested):
            await Inbox(pool).store([contradiction])


async def test_what_stands_beside_a_contested_event_is_stored(pool: asyncpg.Pool) -> None:
    event, fresh = an_event(), an_event()
    await Inbox(pool).store([event])
    with pytest.raises(Contested):
        await Inbox(pool).store([replace(event, amount=Money(1, "EUR")), fresh])
    assert await count_of(pool, fresh) == 1


async def test_facts_that_only_newer_code_tells_do_not_contest_older_ones(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    event = an_event()
    await Inbox(pool).store([event])
    await owner.execute(
        "UPDATE inbox_events SET event = event - 'occurred_at' WHERE event_id = $1", event.event_id
    )
    assert await Inbox(pool).store([event]) == 0


async def test_deliveries_that_overlap_do_not_wait_for_each_other(pool: asyncpg.Pool) -> None:
    events = [an_event() for _ in range(40)]
    orders = [events, events[::-1]] * 8
    stored = await asyncio.gather(*(Inbox(pool).store(order) for order in orders))
    assert sum(stored) == len(events)
