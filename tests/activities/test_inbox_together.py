"""Webhooks that come together share a commit, and count as if one came after the other."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from activities.inbox.inbox import Inbox
from activities.inbox.sending import Sending
from activities.inbox.unstored import Contested, Forged, NonceUsed
from infra.postgres import is_away
from infra.settings import Inbox as Limits
from tests.activities.listening import an_event, cases_of, row_of
from workflows.domain.events import PspEvent
from workflows.domain.money import Money

Ended = list[Any]
_STORING = (
    "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
    "AND query LIKE '%inbox_take_in_together(%' AND pid <> pg_backend_pid()"
)
_WAITING = f"SELECT count(*) {_STORING}"


@asynccontextmanager
async def held_up(owner: asyncpg.Pool) -> AsyncIterator[None]:
    """Nothing is stored as long as it lasts: whoever comes then waits."""
    async with owner.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE inbox_events IN EXCLUSIVE MODE")
        yield


async def until_it_waits(pool: asyncpg.Pool, statements: int = 1) -> None:
    async with asyncio.timeout(30):
        while await pool.fetchval(_WAITING) < statements:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def together(
    inbox: Inbox, pool: asyncpg.Pool, owner: asyncpg.Pool, *webhooks: dict[str, Any]
) -> Ended:
    """What became of each, in the order they came: all of them in one commit, behind two others
    that hold up the lanes."""
    async with held_up(owner):
        ahead = []
        for n in (1, 2):
            ahead.append(asyncio.create_task(inbox.store([an_event()])))
            await until_it_waits(pool, n)
        tasks = []
        for webhook in webhooks:
            tasks.append(asyncio.create_task(inbox.store(**webhook)))
            await asyncio.sleep(0)
    ended: Ended = await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*ahead)
    return ended


async def commits_of(pool: asyncpg.Pool, events: Sequence[PspEvent]) -> int:
    count: int = await pool.fetchval(
        "SELECT count(DISTINCT xmin::text) FROM inbox_events WHERE event_id = ANY($1)",
        [event.event_id for event in events],
    )
    return count


async def stored(pool: asyncpg.Pool, *events: PspEvent) -> int:
    count: int = await pool.fetchval(
        "SELECT count(*) FROM inbox_events WHERE event_id = ANY($1)",
        [event.event_id for event in events],
    )
    return count


async def test_webhooks_that_come_together_share_a_commit(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    events = [an_event() for _ in range(20)]
    assert await together(Inbox(pool), pool, owner, *({"events": [e]} for e in events)) == [1] * 20
    assert await commits_of(pool, events) == 1


async def test_each_is_answered_after_the_commit_that_has_it(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    inbox, events = Inbox(pool), [an_event() for _ in range(5)]
    async with held_up(owner):
        tasks = [asyncio.create_task(inbox.store([event])) for event in events]
        await until_it_waits(pool)
        assert not any(task.done() for task in tasks)
        assert await stored(pool, *events) == 0
    for task, event in zip(tasks, events, strict=True):
        assert await task == 1
        assert await stored(pool, event) == 1


async def test_one_poisonous_webhook_among_many_costs_no_other(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    """The name of a sending that no index takes: it is too long, and does not shrink."""
    events = [an_event() for _ in range(9)]
    webhooks: list[dict[str, Any]] = [{"events": [event]} for event in events]
    endless = "".join(uuid.uuid4().hex for _ in range(300))
    webhooks[4] |= {"psp": "paypal", "sending": Sending(endless, "a" * 64)}
    ended = await together(Inbox(pool), pool, owner, *webhooks)
    assert isinstance(ended[4], asyncpg.ProgramLimitExceededError)
    assert [each for n, each in enumerate(ended) if n != 4] == [1] * 8
    assert await stored(pool, events[4]) == 0
    assert await stored(pool, *events) == 8


async def test_two_of_one_commit_with_one_event_id_are_one_event(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    event = an_event()
    other = replace(event, amount=Money(9000, "EUR"))
    ended = await together(
        Inbox(pool),
        pool,
        owner,
        *({"events": each} for each in ([event], [event], [other], [event])),
    )
    assert [ended[0], ended[1], ended[3]] == [1, 0, 0]
    assert isinstance(ended[2], Contested)
    assert (await row_of(pool, event))["event"]["amount"]["minor_units"] == 5000
    assert [case["kind"] for case in await cases_of(pool, event)] == ["contradiction"]


async def test_what_stands_beside_a_contested_event_of_the_same_commit_is_stored(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    event, beside = an_event(), an_event()
    other = replace(event, amount=Money(1, "EUR"))
    ended = await together(
        Inbox(pool), pool, owner, {"events": [event]}, {"events": [other, beside]}
    )
    assert ended[0] == 1
    assert isinstance(ended[1], Contested)
    assert await stored(pool, beside) == 1


async def test_a_nonce_of_one_commit_counts_for_the_first_that_bears_it(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    nonce, events = uuid.uuid4().hex, [an_event() for _ in range(4)]
    signed = [{"events": [event], "psp": "sandbox", "nonce": nonce} for event in events]
    signed[3] |= {"psp": "another"}
    ended = await together(Inbox(pool), pool, owner, *signed)
    assert [ended[0], ended[3]] == [1, 1]
    assert [type(each) for each in ended[1:3]] == [NonceUsed, NonceUsed]
    assert await stored(pool, *events[1:3]) == 0
    with pytest.raises(NonceUsed):
        await Inbox(pool).store([events[1]], psp="sandbox", nonce=nonce)


async def test_a_sending_of_one_commit_is_bound_to_the_body_that_came_first(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    first, forged = an_event(), an_event()
    name = uuid.uuid4().hex
    bodies = [(first, "a" * 64), (forged, "b" * 64), (first, "a" * 64)]
    ended = await together(
        Inbox(pool),
        pool,
        owner,
        *({"events": [e], "psp": "paypal", "sending": Sending(name, body)} for e, body in bodies),
    )
    assert [ended[0], ended[2]] == [1, 0]
    assert isinstance(ended[1], Forged)
    assert await stored(pool, forged) == 0


async def test_one_fact_under_several_names_of_one_commit_is_told_once(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    event = an_event()
    again = [replace(event, event_id=f"{event.event_id}-{n}") for n in range(5)]
    ended = await together(
        Inbox(pool), pool, owner, *({"events": [each]} for each in (event, *again))
    )
    assert ended == [1] * 6
    assert (await row_of(pool, event))["parked"] is None
    assert {(await row_of(pool, each))["parked"] for each in again} == {"repeated"}


async def test_a_crowd_of_one_commit_waits_for_one_person(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    payment_id = f"in_{uuid.uuid4().hex}"
    events = [an_event(payment_id) for _ in range(30)]
    inbox = Inbox(pool, Limits(events_per_payment=10, events_beyond=0))
    assert await together(inbox, pool, owner, *({"events": [e]} for e in events)) == [1] * 30
    rows = [(await row_of(pool, event))["parked"] for event in events]
    assert (rows.count(None), rows.count("crowded")) == (10, 20)
    assert len(await cases_of(pool, events[0])) == 1


async def test_who_is_cut_off_before_the_commit_has_stored_nothing_and_tells_everybody(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    inbox, events = Inbox(pool), [an_event() for _ in range(4)]
    async with held_up(owner):
        tasks = [asyncio.create_task(inbox.store([event])) for event in events]
        await until_it_waits(pool)
        await pool.execute(f"SELECT pg_terminate_backend(pid) {_STORING}")
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(each, Exception) and is_away(each) for each in ended] == [True] * 4
    assert await stored(pool, *events) == 0
    assert await asyncio.gather(*(inbox.store([event]) for event in events)) == [1] * 4


async def test_whoever_stops_waiting_stops_no_other_webhook(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    inbox, events = Inbox(pool), [an_event() for _ in range(4)]
    async with held_up(owner):
        tasks = [asyncio.create_task(inbox.store([event])) for event in events]
        await until_it_waits(pool)
        tasks[0].cancel()
        await asyncio.wait([tasks[0]])
    assert await asyncio.gather(*tasks[1:]) == [1] * 3


async def test_a_process_that_stops_finishes_what_it_began(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    inbox, event = Inbox(pool), an_event()
    async with held_up(owner):
        storing = asyncio.create_task(inbox.store([event]))
        await until_it_waits(pool)
        stopping = asyncio.create_task(inbox.aclose())
        await asyncio.sleep(0)
        assert not stopping.done()
    await stopping
    assert await stored(pool, event) == 1
    assert await storing == 1


async def test_those_of_many_processes_that_tell_of_the_same_do_not_wait_for_each_other(
    pool: asyncpg.Pool,
) -> None:
    payments = [f"in_{uuid.uuid4().hex}" for _ in range(5)]
    events = [an_event(payments[n % 5]) for n in range(60)]
    inboxes = [Inbox(pool) for _ in range(4)]
    orders = [events, events[::-1], events[30:] + events[:30], events[::2] + events[1::2]]
    added = await asyncio.gather(
        *(
            inbox.store([event])
            for inbox, order in zip(inboxes, orders, strict=True)
            for event in order
        )
    )
    assert sum(added) == len(events)
