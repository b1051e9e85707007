"""How every lookalike delivers webhooks, and the disorder that can be ordered."""

from __future__ import annotations

import asyncio
import time

from tests.infra.local.psps.running import Running
from tests.infra.local.psps.test_base_answers import pay
from tests.infra.local.psps.toy import signature


async def test_a_webhook_is_signed_by_the_secret_of_its_account(toy: Running) -> None:
    await pay(toy)
    await pay(toy, "in_2:capture", account="secondary")
    first, second = await toy.receiver.wait_for(2)
    assert first.headers["toy-signature"] == signature("primary", b"cap_1")
    assert second.headers["toy-signature"] == signature("secondary", b"cap_2")
    assert first.headers["content-type"] == "application/json"


async def test_a_webhook_comes_again_until_it_is_accepted(toy: Running) -> None:
    toy.receiver.refusals = 2
    await pay(toy)
    await toy.receiver.wait_for(1)
    assert [each.answered for each in toy.receiver.heard] == [500, 500, 200]
    assert len({each.body for each in toy.receiver.heard}) == 1
    [webhook] = await toy.webhooks()
    assert (webhook["state"], webhook["attempts"], webhook["last_answer"]) == (
        "delivered",
        3,
        "200",
    )
    assert (webhook["type"], webhook["reference"]) == ("captured", "in_1:capture")


async def test_a_duplicate_is_the_same_event_twice(toy: Running) -> None:
    await toy.order("webhooks", mode="duplicate")
    await pay(toy)
    first, second = await toy.receiver.wait_for(2)
    assert first.body == second.body


async def test_what_is_withheld_comes_when_somebody_says_so(toy: Running) -> None:
    await toy.order("webhooks", mode="withheld")
    for key in ("in_1:capture", "in_2:capture", "in_3:capture"):
        await pay(toy, key)
    await asyncio.sleep(0.1)
    assert toy.receiver.heard == []
    assert {each["state"] for each in await toy.webhooks()} == {"withheld"}
    await toy.order("webhooks/evt_cap_2/resend")
    await toy.receiver.wait_for(1)
    await toy.order("webhooks/resend")
    taken = await toy.receiver.wait_for(3)
    assert [each.body for each in taken] == [b"cap_2", b"cap_1", b"cap_3"]
    assert (await toy.http.post("/_control/webhooks/evt_none/resend")).status_code == 404


async def test_reordered_events_come_the_newest_first(toy: Running) -> None:
    await toy.order("webhooks", mode="reordered")
    for number in range(3):
        await pay(toy, f"in_{number}:capture")
    taken = await toy.receiver.wait_for(3)
    assert [each.body for each in taken] == [b"cap_3", b"cap_2", b"cap_1"]


async def test_a_delayed_event_comes_later(toy: Running) -> None:
    await toy.order("webhooks", mode="delayed", seconds=0.3)
    before = time.monotonic()
    await pay(toy)
    await toy.receiver.wait_for(1)
    assert time.monotonic() - before >= 0.3


async def test_a_pause_holds_everything_back(toy: Running) -> None:
    await toy.order("webhooks/pause")
    await pay(toy)
    await asyncio.sleep(0.1)
    assert toy.receiver.heard == []
    await toy.order("webhooks/resume")
    await toy.receiver.wait_for(1)
