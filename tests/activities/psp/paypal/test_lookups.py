"""Lookups: what PayPal can be asked about, and until when the same question may be put again."""

from __future__ import annotations

from typing import Any

import pytest

from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.paypal.far import (
    CAPTURE,
    HELD,
    ORDER,
    ORDER_REF,
    REFUND,
    ago,
    ask,
    captured,
    held,
    lookup,
    order,
    refunded,
    unit,
)
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    Declined,
    MerchantAccount,
    NoStatus,
    NotFound,
    Operation,
    Pending,
    Ready,
)

LOOK_AT_ORDER = f"GET /v2/checkout/orders/{ORDER}"
LOOK_AT_HOLD = f"GET /v2/payments/authorizations/{HELD}"
LOOK_AT_CAPTURE = f"GET /v2/payments/captures/{CAPTURE}"
PAGE = f"https://www.sandbox.paypal.com/checkoutnow?token={ORDER}"
FIFTY = Money(5000, "EUR")


async def looked(question: Any, replies: dict[str, Any] | None = None) -> Any:
    finding, _ = await ask("look_up", question, replies or {})
    return finding


@pytest.mark.parametrize(
    ("operation", "recent", "old"),
    [
        (Operation.AUTHORIZE, {"hours": 5}, {"hours": 6}),
        (Operation.CAPTURE, {"days": 40}, {"days": 45}),
        (Operation.REFUND, {"days": 40}, {"days": 45}),
        (Operation.PAYOUT, {"days": 26}, {"days": 30}),
    ],
)
async def test_without_an_id_the_same_may_be_asked_again_while_paypal_knows_the_key(
    operation: Operation, recent: dict[str, float], old: dict[str, float]
) -> None:
    bare = {"parent_ref": None}
    assert await looked(lookup(operation, asked_at=ago(**recent), **bare)) == NoStatus(True)
    for asked_at in (ago(**old), "", "yesterday", "2026-11-24T10:00:00"):
        assert await looked(lookup(operation, asked_at=asked_at, **bare)) == NoStatus(False)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (order("APPROVED"), Ready(ORDER_REF)),
        (order("CREATED"), Pending(ORDER_REF, PAGE)),
        (order("SAVED"), Pending(ORDER_REF, PAGE)),
        (order("PAYER_ACTION_REQUIRED"), Pending(ORDER_REF, PAGE)),
        (order("COMPLETED", held()), Approved(HELD, FIFTY)),
        (order("COMPLETED", held("CAPTURED")), Approved(HELD, FIFTY)),
        (order("COMPLETED", held("DENIED"), held()), Approved(HELD, FIFTY)),
        (order("COMPLETED", held("DENIED")), Declined("do_not_honor", True, "DENIED")),
        (order("COMPLETED", held("PENDING")), Pending(ORDER_REF)),
        (order("VOIDED"), Declined("voided", False, "VOIDED")),
    ],
)
async def test_an_order_is_what_it_has_become(answer: dict[str, Any], expected: Any) -> None:
    question = lookup(Operation.AUTHORIZE, ORDER_REF)
    assert await looked(question, {LOOK_AT_ORDER: (200, answer)}) == expected


async def test_an_order_that_paypal_has_forgotten_was_never_approved() -> None:
    finding = await looked(lookup(Operation.AUTHORIZE, ORDER_REF))
    assert finding == Declined("expired", soft=False, code="RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_a_look_that_fails_found_nothing_out(status: int) -> None:
    question = lookup(Operation.AUTHORIZE, ORDER_REF)
    finding = await looked(question, {LOOK_AT_ORDER: (status, {"name": "X"})})
    assert isinstance(finding, NeverSent | InDoubt)


async def test_a_capture_is_found_through_its_order() -> None:
    other = captured("DECLINED", invoice_id="in_cert:capture-before")
    payments = {"captures": [other, captured()]}
    replies = {
        LOOK_AT_HOLD: (200, held("CAPTURED")),
        LOOK_AT_ORDER: (200, order("COMPLETED", purchase_units=[unit(payments=payments)])),
    }
    question = lookup(Operation.CAPTURE, parent_ref=HELD)
    assert await looked(question, replies) == Approved(CAPTURE, FIFTY)


async def test_a_capture_that_its_order_does_not_show_may_be_asked_for_again() -> None:
    replies = {LOOK_AT_HOLD: (200, held()), LOOK_AT_ORDER: (200, order("COMPLETED", held()))}
    question = lookup(Operation.CAPTURE, parent_ref=HELD)
    assert await looked(question, replies) == NotFound(safe_to_repeat=True)
    question = lookup(Operation.CAPTURE, parent_ref=HELD, asked_at=ago(days=50))
    assert await looked(question, replies) == NotFound(safe_to_repeat=False)


async def test_a_hold_that_does_not_tell_its_order_leaves_doubt() -> None:
    replies = {LOOK_AT_HOLD: (200, held(supplementary_data={}, links=[]))}
    assert isinstance(await looked(lookup(Operation.CAPTURE, parent_ref=HELD), replies), InDoubt)


async def test_the_order_of_a_hold_is_also_found_by_its_link() -> None:
    up = {"rel": "up", "href": f"https://api-m.paypal.com/v2/checkout/orders/{ORDER}"}
    replies = {
        LOOK_AT_HOLD: (200, held(supplementary_data={}, links=[up])),
        LOOK_AT_ORDER: (200, order("COMPLETED", held())),
    }
    assert isinstance(await looked(lookup(Operation.CAPTURE, parent_ref=HELD), replies), NotFound)


async def test_a_refund_is_found_through_its_order() -> None:
    payments = {"refunds": [refunded("PENDING")]}
    replies = {
        LOOK_AT_CAPTURE: (200, captured()),
        LOOK_AT_ORDER: (200, order("COMPLETED", purchase_units=[unit(payments=payments)])),
    }
    question = lookup(Operation.REFUND, parent_ref=CAPTURE)
    assert await looked(question, replies) == Pending(REFUND)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("VOIDED", Approved(HELD, FIFTY)),
        ("CREATED", NoStatus(safe_to_repeat=True)),
        ("PENDING", NoStatus(safe_to_repeat=True)),
        ("CAPTURED", Declined("not_voidable", False, "PREVIOUSLY_CAPTURED")),
        ("ADDED_NEXT_YEAR", Pending(HELD)),
    ],
)
async def test_a_void_is_told_by_its_hold(status: str, expected: Any) -> None:
    question = lookup(Operation.VOID, parent_ref=HELD)
    assert await looked(question, {LOOK_AT_HOLD: (200, held(status))}) == expected


async def test_of_a_part_that_was_captured_the_rest_is_released() -> None:
    question = lookup(Operation.VOID, parent_ref=HELD, amount=Money(1000, "EUR"))
    finding = await looked(question, {LOOK_AT_HOLD: (200, held("PARTIALLY_CAPTURED"))})
    assert finding == Approved(HELD, Money(0, "EUR"))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (order("APPROVED"), Approved(ORDER_REF, Money(0, "EUR"))),
        (order("COMPLETED", held("VOIDED")), Approved(ORDER_REF, Money(0, "EUR"))),
        (order("COMPLETED", held()), NoStatus(safe_to_repeat=True)),
    ],
)
async def test_the_void_of_an_order_is_told_by_what_it_holds(
    answer: dict[str, Any], expected: Any
) -> None:
    question = lookup(Operation.VOID, parent_ref=ORDER_REF)
    assert await looked(question, {LOOK_AT_ORDER: (200, answer)}) == expected


async def test_a_void_ordered_by_a_case_is_told_alike() -> None:
    question = lookup(Operation.VOID, parent_ref=HELD, key="in_cert:case-void:1")
    assert await looked(question, {LOOK_AT_HOLD: (200, held("VOIDED"))}) == Approved(HELD, FIFTY)


async def test_another_payments_hold_is_not_believed() -> None:
    question = lookup(Operation.VOID, parent_ref=HELD, key="in_other:void:1")
    assert isinstance(await looked(question, {LOOK_AT_HOLD: (200, held("VOIDED"))}), InDoubt)


async def test_an_account_without_credentials_cannot_be_asked() -> None:
    question = lookup(Operation.AUTHORIZE, account=MerchantAccount("paypal", "nobody"))
    assert isinstance(await looked(question), NeverSent)


@pytest.mark.parametrize("psp_ref", ["order_../../x", "a b", "x" * 65])
async def test_an_id_that_means_something_in_a_path_is_not_sent(psp_ref: str) -> None:
    assert isinstance(await looked(lookup(Operation.AUTHORIZE, psp_ref)), NeverSent)
