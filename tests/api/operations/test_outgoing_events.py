"""A platform follows the events of its payments, and has them sent again."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from activities.access.credential import Role
from tests.activities.outgoing_events.platform import a_brand, became, come, opened, telling
from tests.activities.outgoing_events.platform import platform as receiver
from tests.api.callers import Caller, a_player, captured, intent, money, payout, slug
from tests.api.conftest import Issue
from tests.infra.waiting import eventually
from tests.workflows.world import FakePsp
from workflows.domain.declines import Advice, Retry
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Authentication, Declined, Operation

EVENTS = "/v1/events"


async def feed(caller: Caller, **filters: Any) -> list[dict[str, Any]]:
    """Every event of a page, once nothing older is still being written."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    found = await caller.get(f"{EVENTS}?limit=200&{query}")
    assert found.status_code == 200, found.text
    items: list[dict[str, Any]] = found.json()["items"]
    return items


async def last(caller: Caller, payment_id: str, version: int) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while len(found := await feed(caller, payment_id=payment_id)) < version:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found[-1]


async def test_an_event_holds_what_the_nouns_own_address_shows(
    platform: Caller, operator: Caller, psp: FakePsp
) -> None:
    player = a_player()
    deposit = await captured(platform, player_id=player)
    known = {"kyc": "verified", "blocked": False, "vip": False, "reason": "seen"}
    await operator.put(f"/v1/risk/players/{player}", known)
    paid = await platform.post("/v1/cashier/payouts", payout(player_id=player))
    refunds = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
    proof = Authentication("visa", "05", "AAAB", None, "2.2.0", "ds-1", True, "Y", "M")
    psp.will_answer(Operation.AUTHORIZE, Approved("psp-1", Money(5000, "EUR"), proof))
    checked = await captured(platform, player_id=player)
    advice = Advice(Retry.LATER, 3600, "visa", "51", "02")
    psp.will_answer(Operation.AUTHORIZE, Declined("limit_exceeded", False, "61", advice))
    refused = (await platform.post("/v1/cashier/intents", intent(player_id=player))).json()
    await platform.post(f"/v1/cashier/intents/{refused['intent_id']}/authorize")
    back = await platform.post(refunds, {"refund_id": "mine-" + player[-8:], "amount": money("1")})
    assert back.status_code in (201, 202), back.text
    for path, payment_id in (
        (f"/v1/cashier/intents/{deposit['intent_id']}", deposit["intent_id"]),
        (f"/v1/cashier/intents/{checked['intent_id']}", checked["intent_id"]),
        (f"/v1/cashier/intents/{refused['intent_id']}", refused["intent_id"]),
        (f"/v1/cashier/payouts/{paid.json()['payout_id']}", paid.json()["payout_id"]),
        (f"/v1/cashier/refunds/{back.json()['refund_id']}", back.json()["id"]),
    ):
        seen = await settled(platform, path)
        event = await last(platform, payment_id, seen["version"])
        assert event["data"] == seen, path
        assert event["sequence"] == seen["version"]
        assert event["id"] == f"evt_{payment_id}_{seen['version']}"


async def settled(caller: Caller, path: str) -> dict[str, Any]:
    """What is shown once nothing changes for a while."""
    seen: dict[str, Any] = {}
    while seen != (now := (await caller.get(path)).json()):
        seen = now
        await asyncio.sleep(0.3)
    return seen


async def test_the_feed_goes_on_from_where_it_stopped_and_misses_nothing(
    issue: Issue, pool: asyncpg.Pool
) -> None:
    brand = a_brand()
    reader = await issue(Role.PLATFORM, brands=(brand,))
    nothing = (await reader.get(EVENTS)).json()
    assert nothing == {"items": [], "next_cursor": None, "behind_seconds": 0}
    payment = await opened(pool, brand)
    await became(pool, payment, "PENDING", "AUTHORIZED")
    await last(reader, payment, 3)
    seen, cursor = [], ""
    for _ in range(4):
        page = (await reader.get(f"{EVENTS}?limit=2{cursor}")).json()
        seen += [item["sequence"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [1, 2, 3]
    await opened(pool, brand)
    async with asyncio.timeout(60):
        while not (more := await feed(reader, cursor=cursor.removeprefix("&cursor="))):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [item["type"] for item in more] == ["deposit.initiated"]


async def test_the_feed_waits_for_a_transaction_that_is_older_than_its_end(
    issue: Issue, pool: asyncpg.Pool
) -> None:
    brand = a_brand()
    reader = await issue(Role.PLATFORM, brands=(brand,))
    slow = await opened(pool, brand)
    await last(reader, slow, 1)
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetchval(
            "SELECT registry_record($1, 2, 'PENDING', false, '{}', NULL, now(), '', false)", slow
        )
        quick = await opened(pool, brand)
        assert [item["payment_id"] for item in await feed(reader)] == [slow]
    await last(reader, quick, 1)
    events = [(item["payment_id"], item["sequence"]) for item in await feed(reader)]
    assert events == [(slow, 1), (slow, 2), (quick, 1)]


async def test_filters_narrow(issue: Issue, pool: asyncpg.Pool) -> None:
    brand = a_brand()
    reader = await issue(Role.APPROVER, brands=(brand,))
    one, other = await opened(pool, brand), await opened(pool, brand)
    await became(pool, one, "AUTHORIZED")
    await last(reader, one, 2)
    await last(reader, other, 1)
    assert len(await feed(reader)) == 3
    assert len(await feed(reader, payment_id=one)) == 2
    assert len(await feed(reader, type="deposit.authorized")) == 1
    assert len(await feed(reader, state="waiting")) == 3
    assert await feed(reader, state="gave_up") == []
    assert await feed(reader, created_from="2090-01-01T00:00:00Z") == []
    assert len(await feed(reader, created_to="2090-01-01T00:00:00Z")) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        "cursor=nothing",
        "cursor=MSAy",
        "type=CAPTURED",
        "state=lost",
        "limit=0",
        "limit=201",
        "payment_id=in_1",
        "created_from=yesterday",
        "created_from=2031-02-31T12:00:00Z",
    ],
)
async def test_a_wrong_filter_is_refused(platform: Caller, wrong: str) -> None:
    refused = await platform.get(f"{EVENTS}?{wrong}")
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")


async def test_events_are_replayed_in_order_from_where_the_receiver_lost_them(
    issue: Issue, pool: asyncpg.Pool
) -> None:
    brand = a_brand()
    caller = await issue(Role.PLATFORM, brands=(brand,))
    payment = await opened(pool, brand)
    await became(pool, payment, "PENDING", "AUTHORIZED")
    all_of_it = ["delivered"] * 3
    path = f"/v1/payments/{payment}/events/replay"
    async with receiver() as heard, telling(pool, {brand: heard.url}):
        await come(pool, payment, *all_of_it)
        answer = await caller.post(path, {"from_sequence": 2}, key=f"again-{brand}")
        assert answer.status_code == 202, answer.text
        assert answer.json() == {"payment_id": payment, "first_sequence": 2, "last_sequence": 3}
        await eventually(lambda: heard.sequences(payment) == [1, 2, 3, 2, 3])
        await come(pool, payment, *all_of_it)
        repeated = await caller.post(path, {"from_sequence": 2}, key=f"again-{brand}")
        assert (repeated.status_code, repeated.headers["Idempotent-Replayed"]) == (200, "true")
        one = await caller.post(f"{EVENTS}/evt_{payment}_1/replay")
        assert one.status_code == 202, one.text
        await eventually(lambda: heard.sequences(payment) == [1, 2, 3, 2, 3, 1])
    assert heard.heard[0].body == heard.heard[-1].body


async def test_what_was_given_up_or_kept_is_sent_on_request(
    issue: Issue, pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    brand = a_brand()
    operator = await issue(Role.OPERATOR, brands=(brand,))
    payment = await opened(pool, brand)
    await became(pool, payment, "PENDING")
    await owner.execute(
        "UPDATE outgoing_events SET state = CASE sequence WHEN 1 THEN 'gave_up' ELSE 'kept' END, "
        "attempts = 9, until = now(), next_at = NULL WHERE payment_id = $1",
        payment,
    )
    await last(operator, payment, 2)
    (given_up,) = await feed(operator, state="gave_up")
    assert given_up["delivery"]["attempts"] == 9
    assert given_up["delivery"]["next_attempt_at"] is None
    await operator.post(f"/v1/payments/{payment}/events/replay", {"from_sequence": 1})
    async with receiver() as heard, telling(pool, {brand: heard.url}):
        await come(pool, payment, "delivered", "delivered")
    assert heard.sequences(payment) == [1, 2]


async def test_replaying_is_the_cashiers_and_of_its_brands(
    issue: Issue, pool: asyncpg.Pool
) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    paths = (
        (f"{EVENTS}/evt_{payment}_1/replay", None),
        (f"/v1/payments/{payment}/events/replay", {"from_sequence": 1}),
    )
    stranger = await issue(Role.PLATFORM, brands=("bravo",))
    approver = await issue(Role.APPROVER, brands=(brand,))
    for path, body in paths:
        missing = await stranger.post(path, body)
        assert (missing.status_code, slug(missing)) == (404, "not-found")
        forbidden = await approver.post(path, body)
        assert (forbidden.status_code, slug(forbidden)) == (403, "forbidden")
    assert await feed(stranger, payment_id=payment) == []


@pytest.mark.parametrize("number", ["2", "0", "01", "-1", "x", "99999999999"])
async def test_an_event_that_is_not_there_is_not_found(
    issue: Issue, pool: asyncpg.Pool, number: str
) -> None:
    brand = a_brand()
    caller = await issue(Role.PLATFORM, brands=(brand,))
    payment = await opened(pool, brand)
    missing = await caller.post(f"{EVENTS}/evt_{payment}_{number}/replay")
    assert (missing.status_code, slug(missing)) == (404, "not-found")


@pytest.mark.parametrize("body", [{}, *({"from_sequence": n} for n in (0, -1, 2, 1.5, "1", None))])
async def test_a_replay_from_nowhere_is_refused(
    issue: Issue, pool: asyncpg.Pool, body: dict[str, Any]
) -> None:
    brand = a_brand()
    caller = await issue(Role.PLATFORM, brands=(brand,))
    payment = await opened(pool, brand)
    refused = await caller.post(f"/v1/payments/{payment}/events/replay", body)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
