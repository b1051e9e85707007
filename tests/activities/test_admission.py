"""However often, and in however many words, a PSP tells of one payment: its run hears each meaning
once, a crowd waits for a person, and what is genuine gets through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import asyncpg
import pytest
from temporalio.client import Client

from activities.inbox.inbox import Inbox
from activities.inbox.relay import Relay
from activities.inbox.sending import Sending
from activities.inbox.signals import Signals
from activities.inbox.unstored import Forged
from infra.settings import Inbox as Limits
from tests.activities.listening import QUEUE, an_event, heard_by, opened, row_of, run_for
from tests.activities.psp.adyen.hearing import hear, item, signed
from tests.sealing import SEALS
from workflows.domain.events import PspEvent
from workflows.domain.identity import late_workflow_id
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Operation, Pending

TEN_THOUSAND = 10_000
LIMITS = Limits(events_per_payment=20, events_beyond=10)


@pytest.fixture(autouse=True)
async def _quiet(owner: asyncpg.Pool) -> None:
    """What other tests left behind is none of theirs."""
    await owner.execute(
        "UPDATE inbox_events SET parked = 'left' WHERE delivered_at IS NULL AND parked IS NULL"
    )


async def stored(pool: asyncpg.Pool, events: Sequence[PspEvent]) -> int:
    """By two webhooks at a time, and how many were new."""
    inbox, added = Inbox(pool, LIMITS), 0
    for n in range(0, len(events), 500):
        halves = (events[n : n + 250], events[n + 250 : n + 500])
        added += sum(await asyncio.gather(*(inbox.store(each) for each in halves)))
    return added


async def delivered(pool: asyncpg.Pool, client: Client) -> None:
    while await Relay(pool, Signals(client, QUEUE, SEALS), LIMITS).sweep():
        pass


async def parked(pool: asyncpg.Pool, payment_id: str) -> dict[str | None, int]:
    rows = await pool.fetch(
        "SELECT parked, count(*) FROM inbox_events WHERE payment_id = $1 GROUP BY 1", payment_id
    )
    return {row["parked"]: row["count"] for row in rows}


async def crowds(pool: asyncpg.Pool, payment_id: str) -> list[str]:
    rows = await pool.fetch("SELECT key FROM cases WHERE payment_id = $1 ORDER BY key", payment_id)
    return [row["key"] for row in rows]


async def signals(client: Client, workflow_id: str) -> int:
    handle = client.get_workflow_handle(workflow_id)
    history = await handle.fetch_history()
    return sum(e.HasField("workflow_execution_signaled_event_attributes") for e in history.events)


def capture_of(first: PspEvent, **changes: object) -> PspEvent:
    made = an_event(first.payment_id)
    key, done = f"{first.payment_id}:capture", Approved("cap-1", made.amount)
    return replace(made, key=key, operation=Operation.CAPTURE, reply=done, **changes)  # type: ignore[arg-type]


def in_other_words(payment_id: str) -> Iterator[PspEvent]:
    """One signed item of Adyen's, ten thousand times, each with another date, reason and data."""
    for first in range(0, TEN_THOUSAND, 250):
        items = [
            item(
                "AUTHORISATION",
                f"{payment_id}:authorize:1",
                eventDate=f"2026-03-01T13:00:00.{n:06}+01:00",
                reason=f"reason {n}",
                operations=[str(n)],
                additionalData={"paymentLinkId": f"PL{n}", "merchantAdviceCode": str(n)},
            )
            for n in range(first, first + 250)
        ]
        yield from hear(signed(*items)).events


async def test_one_item_in_ten_thousand_words_is_one_event_and_the_capture_is_heard(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    first = an_event()
    handle = await run_for(temporal_client, owner, first)
    repeats = list(in_other_words(first.payment_id))
    assert len(repeats) == TEN_THOUSAND
    assert await stored(pool, repeats) == 1
    (genuine,) = hear(signed(item("CAPTURE", f"{first.payment_id}:capture"))).events
    assert await stored(pool, [genuine]) == 1
    await delivered(pool, temporal_client)
    assert await signals(temporal_client, handle.id) == 2
    heard = await heard_by(temporal_client, handle)
    assert {each.operation for each in heard} == {Operation.AUTHORIZE, Operation.CAPTURE}
    assert await crowds(pool, first.payment_id) == []


@pytest.mark.parametrize("over", [False, True], ids=["a run", "a late run"])
async def test_one_fact_under_ten_thousand_names_is_told_once(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client, over: bool
) -> None:
    first = an_event()
    run = await told_run(temporal_client, owner, first, over=over)
    again = [replace(first, event_id=f"{first.event_id}-{n}") for n in range(TEN_THOUSAND)]
    assert await stored(pool, again) == TEN_THOUSAND
    genuine = capture_of(first)
    await stored(pool, [genuine])
    await delivered(pool, temporal_client)
    assert (await row_of(pool, genuine))["delivered_at"] is not None
    assert await signals(temporal_client, run) == 2
    assert await parked(pool, first.payment_id) == {None: 2, "repeated": TEN_THOUSAND - 1}
    assert await crowds(pool, first.payment_id) == []


@pytest.mark.parametrize(
    ("hearsay", "over"), [(True, False), (False, True)], ids=["hearsay", "signed, a late run"]
)
async def test_a_crowd_waits_for_one_person_and_what_is_new_still_gets_through(
    pool: asyncpg.Pool,
    owner: asyncpg.Pool,
    temporal_client: Client,
    hearsay: bool,
    over: bool,
) -> None:
    """Of hearsay no other event is the same, and one of ten thousand dates is news each time."""
    first = replace(an_event(), hearsay=hearsay, reply=Pending("auth-1"))
    run = await told_run(temporal_client, owner, first, over=over)
    crowd = [
        replace(first, event_id=f"{first.event_id}-{n}", occurred_at=first.occurred_at + str(n))
        for n in range(TEN_THOUSAND)
    ]
    await stored(pool, crowd)
    genuine = capture_of(first)
    await stored(pool, [genuine])
    await delivered(pool, temporal_client)
    assert (await row_of(pool, genuine))["delivered_at"] is not None
    assert await signals(temporal_client, run) == LIMITS.events_per_payment + 1
    assert (await parked(pool, first.payment_id))["crowded"] == TEN_THOUSAND - 20
    assert await crowds(pool, first.payment_id) == [f"{first.payment_id}:crowded"]


async def test_even_of_what_is_new_a_run_is_told_so_much_and_no_more(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    first = an_event()
    run = await told_run(temporal_client, owner, first, over=False)
    news = [
        replace(first, event_id=f"{first.event_id}-{n}", reply=Approved(f"a-{n}", Money(n, "EUR")))
        for n in range(100)
    ]
    await stored(pool, news)
    await delivered(pool, temporal_client)
    assert await signals(temporal_client, run) == 30
    assert (await parked(pool, first.payment_id))["crowded"] == 70


async def test_what_a_run_has_heard_before_is_no_crowd_however_much_it_has_heard(
    pool: asyncpg.Pool,
) -> None:
    first = an_event()
    heard = [first, *(an_event(first.payment_id) for _ in range(LIMITS.events_per_payment - 1))]
    await stored(pool, heard)
    await stored(pool, [replace(each, event_id=f"{each.event_id}-again") for each in heard])
    assert await parked(pool, first.payment_id) == {None: 20, "repeated": 20}
    assert await crowds(pool, first.payment_id) == []


async def test_a_second_crowd_is_a_case_again_once_the_first_was_resolved(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    first = an_event()
    tenth = [an_event(first.payment_id) for _ in range(40)]
    await stored(pool, tenth[:30])
    await owner.execute(
        "UPDATE cases SET state = 'resolved', resolution = '{}', resolved_at = now()"
        " WHERE payment_id = $1",
        first.payment_id,
    )
    await stored(pool, tenth[30:])
    name = f"{first.payment_id}:crowded"
    assert await crowds(pool, first.payment_id) == [name, f"{name}:1"]


async def test_a_crowd_that_comes_at_once_is_no_larger(pool: asyncpg.Pool) -> None:
    """Each connection may let in one more than it knows of, and no more than that."""
    first = an_event()
    crowd = [an_event(first.payment_id) for _ in range(400)]
    inbox = Inbox(pool, LIMITS)
    await asyncio.gather(*(inbox.store([each]) for each in crowd))
    facts = await pool.fetchval(
        "SELECT count(*) FROM inbox_meanings WHERE payment_id = $1", first.payment_id
    )
    assert facts <= LIMITS.events_per_payment + 32
    assert len(await crowds(pool, first.payment_id)) == 1


async def test_deliveries_that_say_the_same_in_another_order_do_not_wait_for_each_other(
    pool: asyncpg.Pool,
) -> None:
    facts = [an_event() for _ in range(40)]
    orders = [facts, facts[::-1]] * 4
    renamed = [
        [replace(each, event_id=f"{each.event_id}-{n}") for each in order]
        for n, order in enumerate(orders)
    ]
    await asyncio.gather(*(Inbox(pool).store(each) for each in renamed))
    for fact in facts:
        assert await parked(pool, fact.payment_id) == {None: 1, "repeated": 7}


async def test_what_is_found_by_the_psp_s_ids_is_admitted_when_it_is_found(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    first = an_event()
    run = await told_run(temporal_client, owner, first, over=False)
    await owner.execute(
        "INSERT INTO psp_instructions (key, payment_id, operation, psp, account, amount_minor,"
        " currency, answer, state, psp_ref) VALUES ($1, $2, 'authorize', 'sandbox', 'first', 5000,"
        " 'EUR', '{}', 'approved', $3)",
        first.key,
        first.payment_id,
        first.event_id,
    )
    refund = replace(first, key="", operation=Operation.REFUND, unasked=True)
    facts = [
        replace(refund, event_id=f"{first.event_id}-{n}", about=(first.event_id,))
        for n in range(50)
    ]
    await stored(pool, facts)
    await delivered(pool, temporal_client)
    await owner.execute("UPDATE inbox_events SET next_at = now() WHERE delivered_at IS NULL")
    await delivered(pool, temporal_client)
    assert await signals(temporal_client, run) == 1
    assert await parked(pool, first.payment_id) == {None: 1, "repeated": 49}


async def test_a_sending_is_bound_to_the_body_that_came_first(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    genuine, forged = an_event(), an_event()
    name = genuine.event_id
    inbox, first, other = Inbox(pool), Sending.of(name, b"one"), Sending.of(name, b"another")
    assert await inbox.store([genuine], psp="sandbox", sending=first) == 1
    assert await inbox.store([genuine], psp="sandbox", sending=first) == 0
    with pytest.raises(Forged):
        await inbox.store([forged], psp="sandbox", sending=other)
    assert (
        await pool.fetchval(
            "SELECT count(*) FROM inbox_events WHERE event_id = $1", forged.event_id
        )
        == 0
    )
    assert await inbox.store([forged], psp="another", sending=other) == 1
    await owner.execute(
        "UPDATE inbox_sendings SET first_at = now() - interval '8 days' WHERE sent_as = $1", name
    )
    assert await inbox.forget_sendings() >= 1


async def test_also_a_sending_that_tells_nothing_is_bound(pool: asyncpg.Pool) -> None:
    """Else what is passed over would lend its signature to another body."""
    forged = an_event()
    name = forged.event_id
    assert await Inbox(pool).store([], psp="sandbox", sending=Sending.of(name, b"one")) == 0
    with pytest.raises(Forged):
        await Inbox(pool).store([forged], psp="sandbox", sending=Sending.of(name, b"another"))


async def told_run(client: Client, owner: asyncpg.Pool, first: PspEvent, *, over: bool) -> str:
    """The run that hears of the payment: its own, or the one for what comes late."""
    if over:
        await opened(owner, first, final=True)
        return late_workflow_id(first.payment_id)
    return (await run_for(client, owner, first)).id
