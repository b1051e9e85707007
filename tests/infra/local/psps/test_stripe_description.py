"""Every answer and webhook of the lookalike, held against Stripe's own description of its API.

Younger members of an error (`advice_code` …) and expanded objects are not in that description.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from tests.activities.psp.descriptions import (
    check_component,
    check_request,
    check_response,
    description,
    needs_descriptions,
)
from tests.infra.local.psps.stripe_caller import Caller, fresh

pytestmark = needs_descriptions
_YOUNGER = (b'"advice_code"', b'"network_decline_code"')


class Judge:
    def __init__(self) -> None:
        self.at, self.seen = description("stripe/openapi.json"), set[tuple[str, int]]()

    async def __call__(self, response: httpx.Response) -> None:
        asked = response.request
        if not asked.url.path.startswith("/v1/"):
            return
        body = await response.aread()
        path, status = asked.url.path, response.status_code
        if status != 400:
            query = asked.url.query.decode()
            check_request(self.at, asked.method, path, query, asked.headers, asked.content)
        known = not any(each in body for each in _YOUNGER)
        check_response(self.at, asked.method, path, status, response.headers, body, made_up=known)
        self.seen.add((asked.method, status))


@pytest.fixture
async def judge() -> Judge:
    return Judge()


@pytest.fixture
async def judged(merchant: Caller, judge: Judge) -> AsyncIterator[Caller]:
    hooks: dict[str, list[Callable[..., Any]]] = {"response": [judge]}
    async with httpx.AsyncClient(
        base_url=merchant.at.url, trust_env=False, event_hooks=hooks
    ) as http:
        yield Caller(replace(merchant.at, http=http))


async def _told(judge: Judge, merchant: Caller, about: str, count: int) -> set[str]:
    """The types of the webhooks, each of which is as described."""
    types = set()
    for event in await merchant.events(about, count):
        check_component(judge.at, "event", orjson.dumps(event))
        thing = event["data"]["object"]
        if thing["object"] in ("payment_intent", "refund"):
            check_component(judge.at, thing["object"], orjson.dumps(thing), made_up=False)
        types.add(event["type"])
    return types


async def test_money_moves_in_described_words(judged: Caller, judge: Judge) -> None:
    taken = await judged.captured("pm_card_refundFail", metadata__intent="in_x")
    refund = (await judged.post("/refunds", payment_intent=taken["id"], amount="10")).json()
    await judged.post("/refunds", payment_intent=taken["id"], amount="999999")
    types = await _told(judge, judged, taken["id"], 10)
    assert {"charge.refunded", "refund.failed", "payment_intent.succeeded"} <= types
    await judged.get(f"/refunds/{refund['id']}")
    await judged.get("/refunds", payment_intent=taken["id"], limit="3")
    await judged.get("/balance_transactions", created__gte="1", type="charge")
    # The newest alone: a page of another test that `expired` is no word of that description.
    await judged.get("/payment_intents", created__gte="1", limit="1")
    await judged.get(f"/payment_intents/{taken['id']}")
    assert judge.seen == {("POST", 200), ("POST", 400), ("GET", 200)}


async def test_a_challenge_and_its_end_are_in_described_words(judged: Caller, judge: Judge) -> None:
    for action, count in (("approve", 6), ("decline", 4)):
        asked = (await judged.authorize("pm_card_threeDSecure2Required")).json()
        await judged.at.psp.answer(asked["next_action"]["redirect_to_url"]["url"], action)
        seen = (await judged.get(f"/payment_intents/{asked['id']}")).json()
        await judged.post(f"/payment_intents/{seen['id']}/cancel")
        await judged.post(f"/payment_intents/{seen['id']}/confirm")
        assert "payment_intent.canceled" in await _told(judge, judged, seen["id"], count)


async def test_refusals_are_in_described_words(judged: Caller, judge: Judge) -> None:
    declined = await judged.authorize("pm_card_chargeDeclinedStolenCard")
    error = declined.json()["error"]
    check_component(
        judge.at, "payment_intent", orjson.dumps(error["payment_intent"]), made_up=False
    )
    assert "payment_intent.payment_failed" in await _told(
        judge, judged, error["payment_intent"]["id"], 3
    )
    key = fresh()
    await judged.authorize(key=key)
    await judged.authorize(key=key, amount="1")
    await judged.get("/payment_intents/pi_none")
    for fault in ("status_409", "status_429", "status_500_before"):
        await judged.at.order("faults", path="/v1/", fault=fault)
        await judged.authorize()
    statuses = {status for _, status in judge.seen}
    assert statuses == {200, 400, 402, 404, 409, 429, 500}


async def test_the_judge_is_not_blind(judged: Caller, judge: Judge) -> None:
    held = (await judged.authorize()).json()
    path = "/v1/payment_intents"
    headers = {"content-type": "application/json"}
    check_response(judge.at, "POST", path, 200, headers, orjson.dumps(held))
    for name, wrong in (("status", "captured"), ("amount", "5010"), ("created", None)):
        with pytest.raises(AssertionError):
            check_response(
                judge.at, "POST", path, 200, headers, orjson.dumps({**held, name: wrong})
            )
