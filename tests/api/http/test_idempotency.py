"""Same key, same request: the same answer."""

from __future__ import annotations

import asyncio
import uuid

import asyncpg
import httpx
import pytest

from activities.access.credential import Role
from tests.api.callers import Caller, captured, intent, money, payout, slug
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp

INTENTS = "/v1/cashier/intents"


def replayed(response: httpx.Response) -> bool:
    return bool(response.headers.get("Idempotent-Replayed") == "true")


async def test_a_repeated_opening_gets_the_first_answer_byte_for_byte(
    platform: Caller, psp: FakePsp
) -> None:
    first = await platform.post(INTENTS, intent(), key="one-wish-1")
    again = await platform.post(INTENTS, intent(), key="one-wish-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert replayed(again)
    assert not replayed(first)


async def test_fifty_clicks_at_once_open_one_intent(platform: Caller, psp: FakePsp) -> None:
    key = uuid.uuid4().hex
    clicks = await asyncio.gather(*(platform.post(INTENTS, intent(), key=key) for _ in range(50)))
    assert len({click.content for click in clicks}) == 1
    assert sorted(click.status_code for click in clicks) == [200] * 49 + [201]


async def test_a_twin_gets_the_answer_of_a_command_that_is_under_way(
    platform: Caller, psp: FakePsp
) -> None:
    opened = (await platform.post(INTENTS, intent())).json()
    path = f"{INTENTS}/{opened['intent_id']}/authorize"
    done = len(psp.asked)
    twins = await asyncio.gather(*(platform.post(path, key=opened["intent_id"]) for _ in range(8)))
    assert len({twin.content for twin in twins}) == 1
    assert sorted(twin.status_code for twin in twins) == [200] * 7 + [201]
    assert len(psp.asked) == done + 2


async def test_spelling_does_not_make_another_request(platform: Caller, psp: FakePsp) -> None:
    key = uuid.uuid4().hex
    first = await platform.post(INTENTS, intent(), key=key)
    other = dict(reversed(intent(amount=money(50)).items())) | {"capture_method": "automatic"}
    assert (await platform.post(INTENTS, other, key=key)).content == first.content


async def test_a_key_is_for_one_request_only(platform: Caller, psp: FakePsp) -> None:
    key = uuid.uuid4().hex
    opened = (await platform.post(INTENTS, intent(), key=key)).json()
    elsewhere = f"{INTENTS}/{opened['intent_id']}/authorize"
    for path, body in ((INTENTS, intent(amount=money("50.01"))), (elsewhere, None)):
        reused = await platform.post(path, body, key=key)
        assert (reused.status_code, slug(reused)) == (409, "idempotency-key-reused")


async def test_two_brands_may_use_the_same_key(
    platform: Caller, issue: Issue, psp: FakePsp
) -> None:
    key = uuid.uuid4().hex
    other = await issue(Role.PLATFORM, brands=("bravo",))
    first = await platform.post(INTENTS, intent(), key=key)
    second = await other.post(INTENTS, intent(metadata={}), key=key)
    assert (first.status_code, second.status_code) == (201, 201)


async def test_a_refusal_is_an_answer_and_is_given_again(platform: Caller, psp: FakePsp) -> None:
    wish = payout(player_id="nobody-with-money")
    first = await platform.post("/v1/cashier/payouts", wish, key="refused-1")
    again = await platform.post("/v1/cashier/payouts", wish, key="refused-1")
    assert (first.status_code, slug(first)) == (422, "insufficient-funds")
    assert (again.status_code, again.content) == (422, first.content)
    assert replayed(again)


async def test_the_answer_outlives_the_run(platform: Caller, psp: FakePsp) -> None:
    opened = (await platform.post(INTENTS, intent())).json()
    path = f"{INTENTS}/{opened['intent_id']}/authorize"
    first = await platform.post(path, key=opened["intent_id"])
    assert first.json()["final"]
    again = await platform.post(path, key=opened["intent_id"])
    assert (again.status_code, again.content) == (200, first.content)


async def test_whoever_died_before_answering_is_helped_by_asking_again(
    platform: Caller, psp: FakePsp, owner: asyncpg.Pool
) -> None:
    opened = (await platform.post(INTENTS, intent())).json()
    path = f"{INTENTS}/{opened['intent_id']}/authorize"
    first = await platform.post(path, key=opened["intent_id"])
    await owner.execute(
        "UPDATE idempotency_keys SET answer_status = NULL, answer_body = NULL WHERE key = $1",
        opened["intent_id"],
    )
    again = await platform.post(path, key=opened["intent_id"])
    assert (again.status_code, again.json()["status"]) == (200, "CAPTURED")
    assert again.json()["capture_id"] == first.json()["capture_id"]


async def test_a_refund_of_what_is_left_is_replayed_when_nothing_is_left(
    platform: Caller, psp: FakePsp
) -> None:
    deposit = await captured(platform, player_id="refunded-whole")
    path = f"/v1/cashier/captures/{deposit['capture_id']}/refunds"
    first = await platform.post(path, key="whole-1")
    again = await platform.post(path, key="whole-1")
    assert (first.status_code, first.json()["amount"]) == (202, money("50.00"))
    assert (again.status_code, again.content) == (200, first.content)
    other = await platform.post(path)
    assert (other.status_code, slug(other)) == (422, "refund-exceeds-capture")


@pytest.mark.parametrize("key", ["", "k" * 256, "käse"])
async def test_a_write_without_a_proper_key_is_refused(
    http: httpx.AsyncClient, platform: Caller, key: str
) -> None:
    headers = platform._headers({}) | {"X-Idempotency-Key": key}
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    refused = await http.post(INTENTS, json=intent(), headers=encoded)
    assert (refused.status_code, slug(refused)) == (400, "idempotency-key-required")
