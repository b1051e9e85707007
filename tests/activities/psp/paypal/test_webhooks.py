"""Webhooks: whose they are, by their certificate, and what they tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from activities.psp.contract import Delivery
from activities.psp.plugins.paypal.events import IGNORED, TRANSLATED
from activities.psp.plugins.paypal.verification import BEHIND_SECONDS
from tests.activities.psp.paypal.far import captured, held, item, order
from tests.activities.psp.paypal.hearing import (
    FIRST,
    NOBODYS,
    NOW,
    SECOND,
    account,
    event,
    hear,
    refusal,
    sent,
)
from workflows.domain.psp import Approved, Declined, Operation, Pending, Ready

# --- whose they are ---------------------------------------------------------------------------


async def test_the_account_is_the_one_whose_subscription_is_signed() -> None:
    accounts = {"eu": account("eu", FIRST), "us": account("us", SECOND)}
    for name, webhook_id in (("eu", FIRST), ("us", SECOND)):
        signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()), webhook_id)
        (heard,) = (await hear(signed, accounts)).events
        assert heard.account == name
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()), NOBODYS)
    assert await refusal(signed, accounts) == ("signature", 401)


async def test_what_paypal_sends_again_for_days_is_heard_and_what_is_older_is_not() -> None:
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", captured()))
    assert (await hear(signed, at=NOW + BEHIND_SECONDS)).events
    assert await refusal(signed, at=NOW + BEHIND_SECONDS + 1) == ("timestamp_window", 401)
    assert await refusal(signed, at=NOW - 301) == ("timestamp_window", 401)


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
    signed = replace(made, headers={**made.headers, header: value})
    assert await refusal(signed) == (rule, 401)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"null", b'{"id": "WH-1"}'])
async def test_what_is_signed_and_makes_no_sense_is_malformed(body: bytes) -> None:
    assert await refusal(sent(body)) == ("malformed", 422)


# --- what they tell ---------------------------------------------------------------------------


def test_every_type_stands_in_one_table_alone() -> None:
    assert not IGNORED & TRANSLATED.keys()
    assert len(IGNORED) + len(TRANSLATED) > 90


async def test_ignored_and_unknown_types_are_counted_apart() -> None:
    for kind in ("CUSTOMER.DISPUTE.CREATED", "NETWORK-TOKEN.UPDATED"):
        assert (await hear(sent(event(kind, {})))) == Delivery(ignored=(kind,))
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
    for key in ("in_1:authorize:1", "in_1:capture", "re_1:refund", "po_1:payout:1"):
        resource = {"id": 5, "custom_id": key}
        assert await refusal(sent(event(kind, resource))) == ("malformed", 422)


@pytest.mark.parametrize("kind", TRANSLATED)
async def test_what_names_no_key_of_ours_is_passed_over_whatever_it_looks_like(kind: str) -> None:
    """Of another shop under the same account, or of an older API: PayPal would send it for days."""
    older = {"id": "8RW", "state": "authorized", "amount": {"total": "7.47", "currency": "USD"}}
    for resource in (older, {"id": 5, "custom_id": "order 17"}, {}):
        assert await hear(sent(event(kind, resource))) == Delivery(ignored=(kind,))


async def test_a_capture_of_another_shop_for_another_merchant_is_passed_over() -> None:
    other = captured(payee={"merchant_id": "ZZZZZZZZZZZZZ"}, invoice_id="17", custom_id=None)
    mine = account("eu", FIRST, merchant_id="C3RT7F4EDMCHA")
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", other))
    assert not (await hear(signed, {"eu": mine})).events


@pytest.mark.parametrize(
    ("kind", "resource", "operation", "reply"),
    [
        ("PAYMENT.AUTHORIZATION.CREATED", held("PENDING"), Operation.AUTHORIZE, Pending),
        ("PAYMENT.AUTHORIZATION.DENIED", held("DENIED"), Operation.AUTHORIZE, Declined),
        ("PAYMENT.CAPTURE.PENDING", captured("PENDING"), Operation.CAPTURE, Pending),
        ("PAYMENT.CAPTURE.DECLINED", captured("DECLINED"), Operation.CAPTURE, Declined),
        ("PAYMENT.PAYOUTS-ITEM.BLOCKED", item("BLOCKED"), Operation.PAYOUT, Declined),
        ("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", item("SUCCESS"), Operation.PAYOUT, Approved),
        ("PAYMENT.PAYOUTS-ITEM.PENDING", item("PENDING"), Operation.PAYOUT, Pending),
        ("PAYMENT.PAYOUTS-ITEM.PENDING", item("SUCCESS"), Operation.PAYOUT, Approved),
        ("PAYMENT.PAYOUTS-ITEM.DENIED", item("DENIED"), Operation.PAYOUT, Declined),
        ("CHECKOUT.ORDER.EXPIRED", order("CREATED"), Operation.AUTHORIZE, Declined),
        ("CHECKOUT.ORDER.EXPIRED", order("COMPLETED", held()), Operation.AUTHORIZE, Approved),
        ("CHECKOUT.ORDER.VOIDED", order("VOIDED"), Operation.AUTHORIZE, Declined),
        ("CHECKOUT.ORDER.APPROVED", order("APPROVED"), Operation.AUTHORIZE, Ready),
        ("CHECKOUT.ORDER.APPROVED", order("COMPLETED", held()), Operation.AUTHORIZE, Approved),
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
    signed = sent(event("PAYMENT.CAPTURE.COMPLETED", other))
    mine = account("eu", FIRST, merchant_id="C3RT7F4EDMCHA")
    assert await refusal(signed, {"eu": mine}) == ("contradictory", 422)


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("PAYMENT.AUTHORIZATION.VOIDED", held("CREATED")),
        ("CHECKOUT.ORDER.VOIDED", order("APPROVED")),
    ],
)
async def test_a_void_that_is_none_is_contradictory(kind: str, resource: dict[str, Any]) -> None:
    assert await refusal(sent(event(kind, resource))) == ("contradictory", 422)
