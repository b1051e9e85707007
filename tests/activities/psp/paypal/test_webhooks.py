"""Webhooks: whose they are, by certificate or by asking PayPal, and what they tell."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import activities.psp.plugins.paypal.certification as certification
from activities.psp.certification import Canned, Heard, Signed
from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.plugins.paypal import certified_signing as signing
from activities.psp.plugins.paypal.adapter import PaypalAdapter
from activities.psp.plugins.paypal.certification import PaypalCertification
from activities.psp.plugins.paypal.events import IGNORED, TRANSLATED
from activities.psp.plugins.paypal.settings import PaypalAccount, PaypalSettings
from activities.psp.plugins.paypal.verification import BEHIND_SECONDS, VERIFY
from activities.psp.wire import Answer
from tests.activities.psp import peer
from tests.activities.psp.descriptions import check_request, description, needs_descriptions
from tests.activities.psp.paypal.far import captured, error, held, item, said
from workflows.domain.psp import Approved, Declined, Operation, Pending

NOW = 1_800_000_000
EXAMPLES = Path(certification.__file__).with_name("examples")
FIRST, SECOND = "5WC1FIRST00000001", "5WC1SECOND0000002"


def account(name: str, webhook_id: str, **more: Any) -> PaypalAccount:
    members: dict[str, Any] = {
        "url": "http://127.0.0.1:1",
        "client_id": name,
        "client_secret": SecretStr(f"secret-of-{name}"),
        "webhook_id": webhook_id,
        "webhook_ca": signing.authorities(),
    }
    return PaypalAccount(**{**members, **more})


async def fetched(url: str) -> Answer:
    assert url == signing.CERT_URL
    return Answer(200, {}, signing.chain())


def event(kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "WH-1",
        "create_time": "2026-11-24T10:00:00Z",
        "event_type": kind,
        "resource": resource,
    }


def sent(told: Any, webhook_id: str = FIRST, at: int = NOW) -> Signed:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    made = PaypalCertification().sign(body, at)
    sig = signing.signature(
        made.headers["paypal-transmission-id"],
        made.headers["paypal-transmission-time"],
        webhook_id,
        body,
    )
    return replace(made, headers={**made.headers, "paypal-transmission-sig": sig})


@asynccontextmanager
async def listening(accounts: Mapping[str, PaypalAccount]) -> AsyncIterator[PaypalAdapter]:
    adapter = PaypalAdapter(PaypalSettings(accounts=dict(accounts)), fetched)
    yield adapter
    await adapter.aclose()


async def hear(
    told: Signed, accounts: Mapping[str, PaypalAccount] | None = None, at: float = NOW
) -> Delivery:
    async with listening(accounts or {"eu": account("eu", FIRST)}) as adapter:
        return await adapter.hear(WebhookRequest(told.headers, told.body, at))


async def refusal(
    told: Signed, accounts: Mapping[str, PaypalAccount] | None = None, at: float = NOW
) -> tuple[str, int]:
    with pytest.raises(WebhookRefused) as refused:
        await hear(told, accounts, at)
    return refused.value.rule, refused.value.status


# --- whose they are ---------------------------------------------------------------------------


async def test_the_account_is_the_one_whose_subscription_is_signed() -> None:
    accounts = {"eu": account("eu", FIRST), "us": account("us", SECOND)}
    for name, webhook_id in (("eu", FIRST), ("us", SECOND)):
        told = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()), webhook_id)
        (heard,) = (await hear(told, accounts)).events
        assert heard.account == name
    told = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()), "5WC1NOBODYS00003")
    assert await refusal(told, accounts) == ("signature", 401)


async def test_what_paypal_sends_again_for_days_is_heard_and_what_is_older_is_not() -> None:
    told = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    assert (await hear(told, at=NOW + BEHIND_SECONDS)).events
    assert await refusal(told, at=NOW + BEHIND_SECONDS + 1) == ("timestamp_window", 401)
    assert await refusal(told, at=NOW - 301) == ("timestamp_window", 401)


@pytest.mark.parametrize(
    ("header", "value", "rule"),
    [
        ("paypal-auth-algo", "SHA1withRSA", "algorithm"),
        ("paypal-transmission-id", "a|b", "malformed_id"),
        ("paypal-transmission-time", "2026-13-01T00:00:00Z", "malformed_timestamp"),
        ("paypal-transmission-time", "yesterday", "malformed_timestamp"),
        ("paypal-transmission-sig", "not base64!", "malformed_signature"),
        ("paypal-transmission-sig", "QQ" + "=" * 3, "malformed_signature"),
        ("paypal-transmission-sig", "QR==", "malformed_signature"),
    ],
)
async def test_what_is_malformed_is_refused_by_its_rule(header: str, value: str, rule: str) -> None:
    made = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    told = replace(made, headers={**made.headers, header: value})
    assert await refusal(told) == (rule, 401)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"null", b'{"id": "WH-1"}'])
async def test_what_is_signed_and_makes_no_sense_is_malformed(body: bytes) -> None:
    assert await refusal(sent(body)) == ("malformed", 422)


# --- by asking --------------------------------------------------------------------------------


class Paypal:
    """Answers what a webhook is."""

    def __init__(self, status: int = 200, body: dict[str, Any] | None = None) -> None:
        self.answer = said(status, body or {"verification_status": "SUCCESS"})
        self.heard: list[Heard] = []

    def says(self, request: Heard) -> Canned:
        first = PaypalCertification().before(request)
        if first is not None:
            return first
        self.heard.append(request)
        return self.answer


async def asked(paypal: Paypal, told: Signed) -> Delivery:
    async with peer.listening(peer.says(paypal.says)) as far:
        asking = account("eu", FIRST, url=far.url, webhook_verification="api")
        return await hear(told, {"eu": asking})


async def refused_after_asking(paypal: Paypal, told: Signed) -> tuple[str, int]:
    with pytest.raises(WebhookRefused) as refused:
        await asked(paypal, told)
    return refused.value.rule, refused.value.status


@needs_descriptions
async def test_paypal_is_asked_with_the_very_bytes_that_came() -> None:
    paypal = Paypal()
    body = b'{"id":"WH-1",\n  "event_type" : "PAYMENT.CAPTURE.COMPLETED", "create_time":'
    body += b'"2026-11-24T10:00:00Z", "resource":' + json.dumps(captured()).encode() + b" }\n"
    delivery = await asked(paypal, sent(body))
    assert len(delivery.events) == 1
    (request,) = paypal.heard
    assert request.path == VERIFY
    assert b'"webhook_event": ' + body + b"}" in request.body
    check_request(
        description("paypal/notifications_webhooks_v1.json"),
        "POST",
        VERIFY,
        "",
        request.headers,
        request.body,
    )


async def test_a_webhook_that_paypal_does_not_know_is_refused() -> None:
    told = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    failure = Paypal(body={"verification_status": "FAILURE"})
    assert await refused_after_asking(failure, told) == ("signature", 401)
    unwell = Paypal(400, error("VALIDATION_ERROR", "INVALID"))
    assert await refused_after_asking(unwell, told) == ("signature", 401)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_when_paypal_cannot_be_asked_it_shall_send_again(status: int) -> None:
    told = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    told_rule = await refused_after_asking(Paypal(status, {"name": "X"}), told)
    assert told_rule == ("verification_unavailable", 503)


async def test_an_answer_that_is_no_verdict_is_none() -> None:
    told = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    odd = Paypal(body={"verification_status": "PERHAPS"})
    assert await refused_after_asking(odd, told) == ("verification_unavailable", 503)


@pytest.mark.parametrize("body", [b"", b"[]", b'{}, "webhook_id": "other", "x": {}', b'{"a": 1'])
async def test_what_is_not_one_object_is_never_put_into_a_question(body: bytes) -> None:
    paypal = Paypal()
    assert await refused_after_asking(paypal, sent(body)) == ("signature", 401)
    assert paypal.heard == []


async def test_of_two_accounts_the_one_that_can_be_asked_about_decides() -> None:
    told = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()), SECOND)
    unreachable = account("eu", FIRST, webhook_verification="api")
    delivery = await hear(told, {"eu": unreachable, "us": account("us", SECOND)})
    assert delivery.events[0].account == "us"
    told = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()), "5WC1NOBODYS00003")
    rule = await refusal(told, {"eu": unreachable, "us": account("us", SECOND)})
    assert rule == ("verification_unavailable", 503)


# --- what they tell ---------------------------------------------------------------------------


def test_every_type_stands_in_one_table_alone() -> None:
    assert not IGNORED & TRANSLATED.keys()
    assert len(IGNORED) + len(TRANSLATED) > 90


async def test_ignored_and_unknown_types_are_counted_apart() -> None:
    assert (await hear(sent(event("CUSTOMER.DISPUTE.CREATED", {})))) == Delivery(
        ignored=("CUSTOMER.DISPUTE.CREATED",)
    )
    assert (await hear(sent(event("ADDED.NEXT-YEAR", {})))) == Delivery(
        unknown=("ADDED.NEXT-YEAR",)
    )


@pytest.mark.parametrize("kind", TRANSLATED)
async def test_what_is_of_nobody_here_is_ignored(kind: str) -> None:
    amount = {"currency_code": "EUR", "value": "1.00", "currency": "EUR"}
    resource = {
        "id": "X1",
        "status": "COMPLETED",
        "amount": amount,
        "purchase_units": [{"amount": amount}],
        "payout_item_id": "X1",
        "payout_batch_id": "X1",
        "transaction_status": "SUCCESS",
        "payout_item": {"amount": amount},
        "batch_header": {"payout_batch_id": "X1", "batch_status": "DENIED"},
    }
    assert (await hear(sent(event(kind, resource)))) == Delivery(ignored=(kind,))


@pytest.mark.parametrize("kind", TRANSLATED)
async def test_a_resource_that_is_none_is_malformed(kind: str) -> None:
    assert await refusal(sent(event(kind, {"id": 5}))) == ("malformed", 422)


@pytest.mark.parametrize(
    ("kind", "resource", "operation", "reply"),
    [
        ("PAYMENT.AUTHORIZATION.CREATED", held("PENDING"), Operation.AUTHORIZE, Pending),
        ("PAYMENT.AUTHORIZATION.DENIED", held("DENIED"), Operation.AUTHORIZE, Declined),
        ("PAYMENT.CAPTURE.PENDING", captured("PENDING"), Operation.CAPTURE, Pending),
        ("PAYMENT.CAPTURE.DECLINED", captured("DECLINED"), Operation.CAPTURE, Declined),
        ("PAYMENT.PAYOUTS-ITEM.BLOCKED", item("BLOCKED"), Operation.PAYOUT, Declined),
        ("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", item("SUCCESS"), Operation.PAYOUT, Approved),
    ],
)
async def test_the_state_of_the_thing_decides_and_not_the_name_of_the_event(
    kind: str, resource: dict[str, Any], operation: Operation, reply: type
) -> None:
    (heard,) = (await hear(sent(event(kind, resource)))).events
    assert heard.operation is operation
    assert isinstance(heard.reply, reply)


async def test_an_event_about_another_merchant_is_contradictory() -> None:
    other = captured(payee={"merchant_id": "ZZZZZZZZZZZZZ"})
    told = sent(event("PAYMENT.CAPTURE.COMPLETED", other))
    mine = account("eu", FIRST, merchant_id="C3RT7F4EDMCHA")
    assert await refusal(told, {"eu": mine}) == ("contradictory", 422)


async def test_a_void_that_is_none_is_contradictory() -> None:
    told = sent(event("PAYMENT.AUTHORIZATION.VOIDED", held("CREATED")))
    assert await refusal(told) == ("contradictory", 422)


async def test_the_rest_of_a_key_names_the_void_of_its_authorization() -> None:
    second = held("VOIDED", custom_id="in_cert:authorize:2")
    (heard,) = (await hear(sent(event("PAYMENT.AUTHORIZATION.VOIDED", second)))).events
    assert (heard.key, heard.operation) == ("in_cert:void:2", Operation.VOID)
