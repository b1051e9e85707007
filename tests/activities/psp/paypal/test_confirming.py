"""What PayPal signs is a checksum, so that nothing that it tells moves money by itself: what we
asked for is hearsay until it is looked up, and of what others did PayPal is asked what it sent."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from activities.psp.certification import Canned, Heard, Signed
from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.plugins.paypal.adapter import PaypalAdapter
from activities.psp.plugins.paypal.certification.suite import PaypalCertification
from activities.psp.plugins.paypal.certification.things import CAPTURE_ID
from activities.psp.plugins.paypal.confirming import EVENTS
from activities.psp.plugins.paypal.settings import PaypalSettings
from tests.activities.psp import peer
from tests.activities.psp.descriptions import (
    check_response,
    description,
    needs_descriptions,
)
from tests.activities.psp.paypal.far import canned, captured, error
from tests.activities.psp.paypal.hearing import FIRST, NOW, account, event, fetched, sent
from workflows.domain.money import Money

BY_HAND: dict[str, Any] = {"invoice_id": None, "custom_id": "in_cert:authorize:1"}
GENUINE = event("PAYMENT.CAPTURE.COMPLETED", captured(**BY_HAND))
OURS = event("PAYMENT.CAPTURE.COMPLETED", captured())


class Paypal:
    """Has sent one event, and answers for it."""

    def __init__(self, status: int = 200, body: dict[str, Any] | None = None) -> None:
        self.answer = canned(status, GENUINE if body is None else body)
        self.heard: list[Heard] = []

    def says(self, request: Heard) -> Canned:
        first = PaypalCertification().before(request)
        if first is not None:
            return first
        self.heard.append(request)
        return self.answer


async def heard_of(paypal: Paypal, message: Signed, verification: str = "certificate") -> Delivery:
    async with peer.listening(peer.says(paypal.says)) as far:
        accounts = {"eu": account("eu", FIRST, url=far.url, webhook_verification=verification)}
        adapter = PaypalAdapter(PaypalSettings(accounts=accounts), fetched)
        try:
            return await adapter.hear(WebhookRequest(message.headers, message.body, NOW))
        finally:
            await adapter.aclose()


async def refusal(paypal: Paypal, message: Signed) -> tuple[str, int]:
    with pytest.raises(WebhookRefused) as refused:
        await heard_of(paypal, message)
    return refused.value.rule, refused.value.status


def with_the_crc_of(genuine: bytes, forged: dict[str, Any]) -> bytes:
    """Another body under the same CRC-32, by four free bytes: 2^16 halves from either side."""
    made = json.dumps(forged).encode()
    wanted, head = zlib.crc32(genuine), made[:-1] + b', "x": "'
    tail = b'"}'
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    quads = [
        bytes((a, b, c, d))
        for a in letters
        for b in letters
        for c in letters[:8]
        for d in letters[:8]
    ]
    base = zlib.crc32(head)
    zero = b"\0" * 4
    # CRC is affine: of pieces of one length the differences add up.
    first = {zlib.crc32(quad + zero + tail, base): quad for quad in quads}
    idle = zlib.crc32(zero + zero + tail, base)
    for quad in quads:
        other = zlib.crc32(zero + quad + tail, base) ^ idle ^ wanted
        if other in first:
            return head + first[other] + quad + tail
    raise AssertionError("no such body was found")


@pytest.mark.parametrize("verification", ["certificate", "api"])
async def test_what_we_asked_for_is_hearsay_and_costs_no_further_question(
    verification: str,
) -> None:
    paypal = Paypal(body={"verification_status": "SUCCESS"})
    delivery = await heard_of(paypal, sent(OURS), verification)
    assert [(each.hearsay, each.names) for each in delivery.events] == [(True, CAPTURE_ID)]
    assert [request.path for request in paypal.heard if EVENTS in request.path] == []


@pytest.mark.parametrize("example", [GENUINE, OURS, event("BILLING.PLAN.CREATED", {})], ids=str)
async def test_every_webhook_says_under_which_name_it_was_sent(example: dict[str, Any]) -> None:
    """So that the inbox can bind the name to the body that came first, whatever it was about."""
    message = sent(example)
    delivery = await heard_of(Paypal(), message)
    assert delivery.sent_as == message.headers["paypal-transmission-id"]


async def test_a_forged_body_is_hearsay_under_the_name_of_the_genuine_one() -> None:
    transmitted = sent(event("BILLING.PLAN.CREATED", {}))
    forged = Signed(transmitted.headers, with_the_crc_of(transmitted.body, OURS))
    delivery = await heard_of(Paypal(), forged)
    assert [each.hearsay for each in delivery.events] == [True]
    assert delivery.sent_as == transmitted.headers["paypal-transmission-id"]


async def test_an_event_is_believed_as_paypal_has_it() -> None:
    paypal = Paypal()
    delivery = await heard_of(paypal, sent(GENUINE))
    assert delivery.events[0].amount == Money(5000, "EUR")
    assert not delivery.events[0].hearsay
    assert [request.path for request in paypal.heard] == [f"{EVENTS}/WH-1"]


async def test_another_body_under_the_same_checksum_moves_nothing() -> None:
    small = captured(amount={"currency_code": "EUR", "value": "1.00"}, **BY_HAND)
    small_event = event("PAYMENT.CAPTURE.COMPLETED", small)
    transmitted = sent(small_event)
    forged = with_the_crc_of(transmitted.body, GENUINE)
    assert zlib.crc32(forged) == zlib.crc32(transmitted.body)
    message = Signed(transmitted.headers, forged)
    assert json.loads(forged)["resource"]["amount"]["value"] == "50.00"
    delivery = await heard_of(Paypal(body=small_event), message)
    assert delivery.events[0].amount == Money(100, "EUR")
    unknown = Paypal(404, error("INVALID_RESOURCE_ID", "NOT_FOUND"))
    assert await refusal(unknown, message) == ("unconfirmed", 401)


async def test_an_event_of_another_id_confirms_nothing() -> None:
    assert await refusal(Paypal(body=GENUINE | {"id": "WH-2"}), sent(GENUINE)) == (
        "unconfirmed",
        401,
    )


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_where_paypal_cannot_confirm_now_it_shall_send_again(status: int) -> None:
    message = await refusal(Paypal(status, {"name": "X"}), sent(GENUINE))
    assert message == ("verification_unavailable", 503)


async def test_of_what_is_no_payment_of_ours_paypal_is_not_asked() -> None:
    paypal = Paypal()
    others = captured(invoice_id="17", custom_id="order 17")
    for message in (
        event("PAYMENT.CAPTURE.COMPLETED", others),
        event("BILLING.PLAN.CREATED", {}),
        event("ADDED.NEXT-YEAR", {}),
    ):
        assert not (await heard_of(paypal, sent(message))).events
    assert paypal.heard == []


@needs_descriptions
async def test_the_answer_is_as_described() -> None:
    """Of the id in the path the description has no hyphen, which every id of PayPal's has."""
    at = description("paypal/notifications_webhooks_v1.json")
    body, json_ = json.dumps(GENUINE).encode(), {"content-type": "application/json"}
    check_response(at, "GET", f"{EVENTS}/WH1", 200, json_, body)
    with pytest.raises(AssertionError):
        check_response(at, "GET", f"{EVENTS}/WH1", 200, json_, body.replace(b'"WH-1"', b"5"))
