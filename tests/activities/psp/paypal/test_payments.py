"""Captures, voids and refunds: what is believed, and what was done before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.paypal.far import (
    CAPTURE,
    HELD,
    ORDER,
    ORDER_REF,
    REFUND,
    ask,
    captured,
    held,
    instruction,
    order,
    refunded,
    refused,
    unit,
)
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Operation, Pending

CAPTURE_IT = f"POST /v2/payments/authorizations/{HELD}/capture"
VOID_IT = f"POST /v2/payments/authorizations/{HELD}/void"
LOOK = f"GET /v2/payments/authorizations/{HELD}"
REFUND_IT = f"POST /v2/payments/captures/{CAPTURE}/refund"
LOOK_AT_CAPTURE = f"GET /v2/payments/captures/{CAPTURE}"
LOOK_AT_ORDER = f"GET /v2/checkout/orders/{ORDER}"
FIFTY = Money(5000, "EUR")


def with_payments(**payments: Any) -> tuple[int, dict[str, Any]]:
    return 200, order("COMPLETED", purchase_units=[unit(payments=payments)])


async def test_a_capture_is_the_last_one_so_that_the_rest_is_released() -> None:
    _, kept = await ask(
        Operation.CAPTURE, instruction(Operation.CAPTURE, HELD), {CAPTURE_IT: (201, captured())}
    )
    assert json.loads(kept.heard[0].body)["final_capture"] is True


@pytest.mark.parametrize("status", ["COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"])
async def test_money_that_was_taken_was_taken_whatever_became_of_it(status: str) -> None:
    reply, _ = await ask(
        Operation.CAPTURE,
        instruction(Operation.CAPTURE, HELD),
        {CAPTURE_IT: (200, captured(status))},
    )
    assert reply == Approved(CAPTURE, FIFTY)


@pytest.mark.parametrize("status", ["DECLINED", "FAILED"])
async def test_a_refused_capture_is_declined(status: str) -> None:
    reply, _ = await ask(
        Operation.CAPTURE,
        instruction(Operation.CAPTURE, HELD),
        {CAPTURE_IT: (201, captured(status))},
    )
    assert reply == Declined("capture_refused", soft=False, code=status)


@pytest.mark.parametrize("issue", ["AUTHORIZATION_ALREADY_CAPTURED", "DUPLICATE_INVOICE_ID"])
async def test_what_was_captured_before_under_our_key_is_ours(issue: str) -> None:
    reply, _ = await ask(
        Operation.CAPTURE,
        instruction(Operation.CAPTURE, HELD),
        {
            CAPTURE_IT: refused(issue),
            LOOK: (200, held("CAPTURED")),
            LOOK_AT_ORDER: with_payments(captures=[captured()]),
        },
    )
    assert reply == Approved(CAPTURE, FIFTY)


async def test_what_somebody_else_captured_is_not_ours() -> None:
    other = captured(invoice_id="by hand")
    reply, _ = await ask(
        Operation.CAPTURE,
        instruction(Operation.CAPTURE, HELD),
        {
            CAPTURE_IT: refused("AUTHORIZATION_ALREADY_CAPTURED"),
            LOOK: (200, held("CAPTURED")),
            LOOK_AT_ORDER: with_payments(captures=[other]),
        },
    )
    assert reply == Declined("not_capturable", soft=False, code="AUTHORIZATION_ALREADY_CAPTURED")


async def test_a_duplicate_that_is_not_shown_stays_in_doubt() -> None:
    reply, _ = await ask(
        Operation.CAPTURE,
        instruction(Operation.CAPTURE, HELD),
        {
            CAPTURE_IT: refused("DUPLICATE_INVOICE_ID"),
            LOOK: (200, held()),
            LOOK_AT_ORDER: with_payments(),
        },
    )
    assert isinstance(reply, InDoubt)


@pytest.mark.parametrize(
    "change",
    [
        {"invoice_id": "in_other:capture"},
        {"amount": {"currency_code": "USD", "value": "50.00"}},
        {"payee": {"merchant_id": "ZZZZZZZZZZZZZ"}},
        {"supplementary_data": {"related_ids": {"authorization_id": "9ZX"}}},
        {"links": [{"rel": "up", "href": "https://x/v2/payments/authorizations/9ZX"}]},
    ],
    ids=["key", "currency", "merchant", "authorization", "link"],
)
async def test_a_capture_that_does_not_fit_is_in_doubt(change: dict[str, Any]) -> None:
    reply, _ = await ask(
        Operation.CAPTURE,
        instruction(Operation.CAPTURE, HELD),
        {CAPTURE_IT: (201, captured(**change))},
    )
    assert isinstance(reply, InDoubt)


# --- voids ------------------------------------------------------------------------------------


async def test_a_hold_is_released() -> None:
    reply, _ = await ask(
        Operation.VOID, instruction(Operation.VOID, HELD), {VOID_IT: (200, held("VOIDED"))}
    )
    assert reply == Approved(HELD, FIFTY)


async def test_a_post_without_a_body_says_what_it_would_be() -> None:
    _, kept = await ask(
        Operation.VOID, instruction(Operation.VOID, HELD), {VOID_IT: (200, held("VOIDED"))}
    )
    assert kept.heard[0].body == b""
    assert kept.heard[0].headers["content-type"] == "application/json"


async def test_a_key_that_paypal_would_not_take_is_not_sent() -> None:
    reply, kept = await ask(Operation.VOID, instruction(Operation.VOID, HELD, key="k" * 109), {})
    assert isinstance(reply, NeverSent)
    assert kept.asked == []


async def test_a_second_void_finds_that_it_is_void() -> None:
    reply, _ = await ask(
        Operation.VOID,
        instruction(Operation.VOID, HELD),
        {VOID_IT: refused("PREVIOUSLY_VOIDED"), LOOK: (200, held("VOIDED"))},
    )
    assert reply == Approved(HELD, FIFTY)


async def test_a_void_of_a_captured_hold_is_declined() -> None:
    reply, _ = await ask(
        Operation.VOID,
        instruction(Operation.VOID, HELD),
        {VOID_IT: refused("PREVIOUSLY_CAPTURED"), LOOK: (200, held("CAPTURED"))},
    )
    assert reply == Declined("not_voidable", soft=False, code="PREVIOUSLY_CAPTURED")


@pytest.mark.parametrize("status", ["CAPTURED", "PARTIALLY_CAPTURED"])
async def test_after_a_part_was_captured_paypal_has_released_the_rest(status: str) -> None:
    reply, kept = await ask(
        Operation.VOID,
        instruction(Operation.VOID, HELD, amount=Money(1000, "EUR"), after_capture=True),
        {LOOK: (200, held(status))},
    )
    assert reply == Approved(HELD, Money(0, "EUR"))
    assert [each.method for each in kept.heard] == ["GET"]


async def test_a_hold_that_shows_no_capture_after_one_is_in_doubt() -> None:
    reply, _ = await ask(
        Operation.VOID,
        instruction(Operation.VOID, HELD, after_capture=True),
        {LOOK: (200, held())},
    )
    assert isinstance(reply, InDoubt)


@pytest.mark.parametrize("status", ["CREATED", "PAYER_ACTION_REQUIRED", "APPROVED", "VOIDED"])
async def test_an_order_that_was_never_authorized_holds_nothing(status: str) -> None:
    reply, kept = await ask(
        Operation.VOID,
        instruction(Operation.VOID, ORDER_REF),
        {LOOK_AT_ORDER: (200, order(status))},
    )
    assert reply == Approved(ORDER_REF, Money(0, "EUR"))
    assert [each.method for each in kept.heard] == ["GET"]


async def test_an_order_that_paypal_has_forgotten_holds_nothing() -> None:
    reply, _ = await ask(Operation.VOID, instruction(Operation.VOID, ORDER_REF), {})
    assert reply == Approved(ORDER_REF, Money(0, "EUR"))


async def test_what_an_order_holds_is_released() -> None:
    reply, _ = await ask(
        Operation.VOID,
        instruction(Operation.VOID, ORDER_REF),
        {
            LOOK_AT_ORDER: (200, order("COMPLETED", held())),
            VOID_IT: (200, held("VOIDED")),
        },
    )
    assert reply == Approved(HELD, FIFTY)


async def test_nothing_can_be_voided_by_our_reference() -> None:
    reply, kept = await ask(Operation.VOID, instruction(Operation.VOID, psp_ref=None), {})
    assert isinstance(reply, NeverSent)
    assert kept.asked == []


# --- refunds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"), [("PENDING", Pending), ("COMPLETED", Approved), ("FAILED", Declined)]
)
async def test_a_refund_is_what_paypal_says(status: str, kind: type) -> None:
    reply, _ = await ask(
        Operation.REFUND,
        instruction(Operation.REFUND, CAPTURE),
        {REFUND_IT: (201, refunded(status))},
    )
    assert isinstance(reply, kind)


async def test_a_refund_of_all_that_was_left_is_found_again() -> None:
    reply, _ = await ask(
        Operation.REFUND,
        instruction(Operation.REFUND, CAPTURE),
        {
            REFUND_IT: refused("CAPTURE_FULLY_REFUNDED"),
            LOOK_AT_CAPTURE: (200, captured("REFUNDED")),
            LOOK_AT_ORDER: with_payments(refunds=[refunded(invoice_id="x"), refunded()]),
        },
    )
    assert reply == Approved(REFUND, FIFTY)


async def test_a_capture_that_others_gave_back_cannot_be_refunded_again() -> None:
    reply, _ = await ask(
        Operation.REFUND,
        instruction(Operation.REFUND, CAPTURE),
        {
            REFUND_IT: refused("CAPTURE_FULLY_REFUNDED"),
            LOOK_AT_CAPTURE: (200, captured("REFUNDED")),
            LOOK_AT_ORDER: with_payments(refunds=[refunded(invoice_id="by hand")]),
        },
    )
    assert reply == Declined("not_refundable", soft=False, code="CAPTURE_FULLY_REFUNDED")


async def test_a_refund_of_another_capture_is_in_doubt() -> None:
    links = [{"rel": "up", "href": "https://api-m.paypal.com/v2/payments/captures/9ZX"}]
    reply, _ = await ask(
        Operation.REFUND,
        instruction(Operation.REFUND, CAPTURE),
        {REFUND_IT: (201, refunded(links=links))},
    )
    assert isinstance(reply, InDoubt)
