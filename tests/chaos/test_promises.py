"""The drill sees what must never be; else its silence would prove nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import orjson
import pytest
from standardwebhooks.webhooks import Webhook

from activities.psp.certification import Heard
from tests.chaos.hearing import Ear
from tests.chaos.platform import Diary, Platform

SECRET, OTHER = "whsec_" + "c2VjcmV0" * 4, "whsec_" + "b3RoZXIh" * 4


def event(sequence: int, secret: str = SECRET) -> Heard:
    body = orjson.dumps({"payment_id": "in_1", "sequence": sequence}).decode()
    at = datetime.now(UTC)
    headers = {
        "webhook-id": f"evt_in_1_{sequence}",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(f"evt_in_1_{sequence}", at, body),
    }
    return Heard("POST", "/events", headers, body.encode())


def answering(status: int, **headers: str) -> Platform:
    """A platform whose every question is answered like this."""
    answers = httpx.MockTransport(lambda _: httpx.Response(status, json={}, headers=headers))
    return Platform(
        httpx.AsyncClient(transport=answers, base_url="http://api.test"), {"platform": "t"}, Diary()
    )


def test_a_key_that_opened_two_payments_is_a_broken_promise() -> None:
    diary = Diary()
    diary.opened("key", "in_1", "/in_1")
    diary.opened("key", "in_1", "/in_1")
    assert diary.broken_promises == []
    diary.opened("key", "in_2", "/in_2")
    assert diary.broken_promises == ["key key opened in_1 and in_2"]


def test_what_was_final_and_changes_is_a_broken_promise() -> None:
    diary = Diary()
    diary.saw("in_1", {"status": "CAPTURED", "final": True})
    diary.saw("in_1", {"status": "FAILED", "final": True})
    assert diary.broken_promises == ["in_1 was CAPTURED for good, and is FAILED"]


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_an_answer_that_no_outage_explains_is_a_broken_promise(status: int) -> None:
    platform = answering(status)
    await platform.look("/v1/cashier/intents/in_1")
    assert len(platform.diary.broken_promises) == 1


def test_an_event_is_heard_once_however_often_it_comes() -> None:
    ear = Ear(SECRET)
    assert [ear.hear(event(number)).status for number in (1, 1, 2)] == [204, 204, 204]
    assert (ear.repeated, ear.wrong) == (1, [])
    assert ear.missed({"in_1": 2}) == []


def test_an_event_before_its_turn_is_noticed_and_so_is_one_that_never_came() -> None:
    ear = Ear(SECRET)
    ear.hear(event(2))
    assert ear.wrong == ["event 2 of in_1 came after []"]
    assert ear.missed({"in_1": 2}) == ["of in_1 the platform heard [2], not 1 to 2"]


def test_an_event_of_another_signer_is_refused() -> None:
    ear = Ear(SECRET)
    assert ear.hear(event(1, OTHER)).status == 401
    assert len(ear.wrong) == 1
