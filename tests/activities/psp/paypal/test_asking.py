"""Webhooks that PayPal itself is asked about: with the very bytes, and never in vain."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from activities.psp.certification import Canned, Heard, Signed
from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.plugins.paypal.asking import ASKED_AT_ONCE, ASKING_SECONDS
from activities.psp.plugins.paypal.certification.suite import PaypalCertification
from activities.psp.plugins.paypal.verification import VERIFY
from tests.activities.psp import peer
from tests.activities.psp.descriptions import (
    Request,
    description,
    needs_descriptions,
    refuses_mutations,
)
from tests.activities.psp.paypal.far import canned, captured, error
from tests.activities.psp.paypal.hearing import (
    FIRST,
    NOBODYS,
    NOW,
    SECOND,
    account,
    event,
    hear,
    listening,
    refusal,
    sent,
)


class Paypal:
    """Answers what a webhook is."""

    def __init__(self, status: int = 200, body: dict[str, Any] | None = None) -> None:
        self.answer = canned(status, body or {"verification_status": "SUCCESS"})
        self.heard: list[Heard] = []

    def says(self, request: Heard) -> Canned:
        first = PaypalCertification().before(request)
        if first is not None:
            return first
        self.heard.append(request)
        return self.answer


async def asked(paypal: Paypal, signed: Signed) -> Delivery:
    async with peer.listening(peer.says(paypal.says)) as far:
        asking = account("eu", FIRST, url=far.url, webhook_verification="api")
        return await hear(signed, {"eu": asking})


async def refused_after_asking(paypal: Paypal, signed: Signed) -> tuple[str, int]:
    with pytest.raises(WebhookRefused) as refused:
        await asked(paypal, signed)
    return refused.value.rule, refused.value.status


async def test_paypal_is_asked_with_the_very_bytes_that_came() -> None:
    paypal = Paypal()
    body = b'{"id":"WH-1",\n  "event_type" : "PAYMENT.CAPTURE.COMPLETED", "create_time":'
    body += b'"2026-11-24T10:00:00Z", "resource":' + json.dumps(captured()).encode() + b" }\n"
    delivery = await asked(paypal, sent(body))
    assert len(delivery.events) == 1
    (request,) = paypal.heard
    assert request.path == VERIFY
    assert b'"webhook_event": ' + body + b"}" in request.body


@needs_descriptions
async def test_the_question_is_as_described() -> None:
    paypal = Paypal()
    await asked(paypal, sent(event("PAYMENT.CAPTURE.COMPLETED", captured())))
    (request,) = paypal.heard
    at = description("paypal/notifications_webhooks_v1.json")
    question = Request("POST", VERIFY, "", request.headers, request.body)
    assert refuses_mutations(at, question) > 10


async def test_a_webhook_that_paypal_does_not_know_is_refused() -> None:
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    failure = Paypal(body={"verification_status": "FAILURE"})
    assert await refused_after_asking(failure, signed) == ("signature", 401)
    unwell = Paypal(400, error("VALIDATION_ERROR", "INVALID"))
    assert await refused_after_asking(unwell, signed) == ("signature", 401)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_when_paypal_cannot_be_asked_it_shall_send_again(status: int) -> None:
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    told_rule = await refused_after_asking(Paypal(status, {"name": "X"}), signed)
    assert told_rule == ("verification_unavailable", 503)


async def test_an_answer_that_is_no_verdict_is_none() -> None:
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    odd = Paypal(body={"verification_status": "PERHAPS"})
    assert await refused_after_asking(odd, signed) == ("verification_unavailable", 503)


@pytest.mark.parametrize("body", [b"", b"[]", b'{}, "webhook_id": "other", "x": {}', b'{"a": 1'])
async def test_what_is_not_one_object_is_never_put_into_a_question(body: bytes) -> None:
    paypal = Paypal()
    assert await refused_after_asking(paypal, sent(body)) == ("signature", 401)
    assert paypal.heard == []


async def test_of_two_accounts_the_one_that_can_be_asked_about_decides() -> None:
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()), SECOND)
    unreachable = account("eu", FIRST, webhook_verification="api")
    delivery = await hear(signed, {"eu": unreachable, "us": account("us", SECOND)})
    assert delivery.events[0].account == "us"
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()), NOBODYS)
    rule = await refusal(signed, {"eu": unreachable, "us": account("us", SECOND)})
    assert rule == ("verification_unavailable", 503)


async def test_a_flood_of_webhooks_asks_paypal_about_few_at_once_and_loses_none() -> None:
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    asking, answered, most = 0, asyncio.Event(), 0

    async def slow(request: Heard, ends: peer.Ends) -> None:
        nonlocal asking, most
        first = PaypalCertification().before(request)
        if first is None:
            asking += 1
            most = max(most, asking)
            await answered.wait()
        verdict = first or canned(200, {"verification_status": "SUCCESS"})
        await peer.says(lambda _: verdict)(request, ends)

    async with peer.listening(slow) as far:
        eu = account("eu", FIRST, url=far.url, webhook_verification="api")
        async with listening({"eu": eu}) as adapter:
            request = WebhookRequest(signed.headers, signed.body, NOW)
            flood = [asyncio.create_task(adapter.hear(request)) for _ in range(3 * ASKED_AT_ONCE)]
            done, waiting = await asyncio.wait(flood, timeout=1)
            answered.set()
            heard = [len((await each).events) for each in waiting]
            assert (most, heard) == (ASKED_AT_ONCE, [1] * ASKED_AT_ONCE)
            refused = [each.exception() for each in done]
            assert {getattr(each, "status", 200) for each in refused} == {503}
            assert len((await adapter.hear(request)).events) == 1


async def test_accounts_that_paypal_does_not_answer_about_delay_no_other() -> None:
    async with peer.listening(peer.hangs) as far:
        silent = {
            f"silent-{number}": account(
                f"silent-{number}", f"{number}WC1", url=far.url, webhook_verification="api"
            )
            for number in range(3)
        }
        signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()), SECOND)
        async with asyncio.timeout(ASKING_SECONDS / 2):
            delivery = await hear(signed, {**silent, "us": account("us", SECOND)})
    assert delivery.events[0].account == "us"
