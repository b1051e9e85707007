"""Payouts: to whom, under which key, and what becomes of the one item."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.paypal.far import (
    BATCH,
    BATCH_REF,
    ago,
    ask,
    batch,
    error,
    instruction,
    item,
    lookup,
)
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, NoStatus, NotFound, Operation, Pending

PAY = "POST /v1/payments/payouts"
LOOK = f"GET /v1/payments/payouts/{BATCH}"
FIFTY = Money(5000, "EUR")


async def pays(replies: dict[str, Any], **more: Any) -> tuple[Any, Any]:
    return await ask(Operation.PAYOUT, instruction(Operation.PAYOUT, **more), replies)


def payout_lookup(**more: Any) -> Any:
    return lookup(Operation.PAYOUT, **{"psp_ref": BATCH_REF, **more})


async def test_one_item_goes_out_under_the_key_of_the_instruction() -> None:
    reply, kept = await pays({PAY: (201, batch("PENDING"))}, destination="G83JXTJ5EHCQ2")
    assert reply == Pending(BATCH_REF)
    assert json.loads(kept.heard[0].body) == {
        "sender_batch_header": {"sender_batch_id": "po_cert:payout"},
        "items": [
            {
                "recipient_type": "PAYPAL_ID",
                "receiver": "G83JXTJ5EHCQ2",
                "amount": {"currency": "EUR", "value": "50.00"},
                "sender_item_id": "po_cert:payout",
            }
        ],
    }


@pytest.mark.parametrize(
    ("destination", "reason"),
    [
        ("player@example.com", "e-mail"),
        ("+4915112345678", "phone"),
        ("004915112345678", "phone"),
        ("0151-12345678", "phone"),
        ("4111111111111111", "card number"),
        ("DE89370400440532013000", "card number or an account number"),
        ("Jane Player", "no PayPal payer id"),
        ("a" * 128, "no PayPal payer id"),
        ("", "no PayPal payer id"),
    ],
)
async def test_a_destination_that_is_no_payer_id_is_not_sent(destination: str, reason: str) -> None:
    reply, kept = await pays({}, destination=destination)
    assert isinstance(reply, NeverSent)
    assert reason in str(reply)
    assert not destination or destination not in str(reply)
    assert kept.asked == []


async def test_a_key_that_is_too_long_for_an_item_is_not_sent() -> None:
    reply, kept = await pays({}, key="po_" + "x" * 61)
    assert isinstance(reply, NeverSent)
    assert kept.asked == []


def duplicate(**where: Any) -> tuple[int, dict[str, Any]]:
    """As Payouts tells that the sender_batch_id was used before."""
    issue = "Batch with given sender_batch_id already exists"
    detail = {"field": "SENDER_BATCH_ID", "location": "body", "issue": issue}
    body = error("USER_BUSINESS_ERROR", issue) | {"details": [detail | where.pop("detail", {})]}
    return 400, body | where


LINK = {
    "href": f"https://api-m.paypal.com/v1/payments/payouts/{BATCH}",
    "rel": "self",
    "method": "GET",
}


@pytest.mark.parametrize("where", [{"links": [LINK]}, {"detail": {"link": [LINK]}}])
async def test_a_batch_of_our_key_is_looked_at(where: dict[str, Any]) -> None:
    reply, _ = await pays({PAY: duplicate(**where), LOOK: (200, batch("SUCCESS", item("SUCCESS")))})
    assert isinstance(reply, Approved)


async def test_a_batch_of_our_key_that_is_not_shown_leaves_doubt() -> None:
    for replies in ({PAY: duplicate()}, {PAY: duplicate(links=[LINK])}):
        reply, _ = await pays(replies)
        assert isinstance(reply, InDoubt)


@pytest.mark.parametrize(
    ("status", "name", "issue"),
    [
        (422, "UNPROCESSABLE_ENTITY", "DUPLICATE_SENDER_BATCH_ID"),
        (422, "UNPROCESSABLE_ENTITY", "SENDER_BATCH_ID_ALREADY_EXISTS"),
        (400, "DUPLICATE_TRANSACTION", "The batch was sent before."),
        (400, "REQUEST_IN_PROGRESS", "REQUEST_IN_PROGRESS"),
    ],
)
async def test_whatever_says_that_it_was_done_before_leaves_doubt(
    status: int, name: str, issue: str
) -> None:
    reply, _ = await pays({PAY: (status, error(name, issue))})
    assert isinstance(reply, InDoubt)


@pytest.mark.parametrize("status", ["DENIED", "CANCELED"])
async def test_a_batch_that_is_not_begun_pays_nobody(status: str) -> None:
    reply, _ = await pays({PAY: (201, batch(status))})
    assert isinstance(reply, Declined)
    assert reply.code == status
    # Nothing had gone out that could have come back.
    assert reply.reason != "returned"


async def test_a_batch_of_another_key_is_not_believed() -> None:
    other = batch("PENDING")
    other["batch_header"]["sender_batch_header"]["sender_batch_id"] = "po_other:payout:1"
    reply, _ = await pays({PAY: (201, other)})
    assert isinstance(reply, InDoubt)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("SUCCESS", Approved("8AELMXH8UB2P8", FIFTY)),
        ("PENDING", Pending(BATCH_REF)),
        ("UNCLAIMED", Pending(BATCH_REF)),
        ("ONHOLD", Pending(BATCH_REF)),
        ("ADDED_NEXT_YEAR", Pending(BATCH_REF)),
        ("FAILED", Declined("processing_error", soft=False, code="FAILED")),
        ("DENIED", Declined("processing_error", soft=False, code="DENIED")),
        ("BLOCKED", Declined("blocked", soft=False, code="BLOCKED")),
        ("RETURNED", Declined("returned", soft=False, code="RETURNED")),
        ("REFUNDED", Declined("returned", soft=False, code="REFUNDED")),
        ("REVERSED", Declined("returned", soft=False, code="REVERSED")),
    ],
)
async def test_an_item_is_what_paypal_says(status: str, expected: Any) -> None:
    replies = {LOOK: (200, batch("SUCCESS", item(status)))}
    finding, _ = await ask("look_up", payout_lookup(), replies)
    assert finding == expected


async def test_why_an_item_failed_is_told_by_its_error() -> None:
    wrong = {"name": "RECEIVER_UNREGISTERED", "message": "No such receiver.", "debug_id": "9"}
    replies = {LOOK: (200, batch("SUCCESS", item("FAILED", errors=wrong)))}
    finding, _ = await ask("look_up", payout_lookup(), replies)
    assert finding == Declined("unknown_destination", soft=False, code="RECEIVER_UNREGISTERED")


@pytest.mark.parametrize("without", ["", "0", 0, False, None, {}])
async def test_an_id_that_is_none_does_not_cost_the_answer(without: Any) -> None:
    replies = {LOOK: (200, batch("SUCCESS", item("PENDING", transaction_id=without)))}
    finding, _ = await ask("look_up", payout_lookup(), replies)
    assert finding == Pending(BATCH_REF)


async def test_a_zero_of_no_currency_does_not_cost_the_answer() -> None:
    for amount in ({"currency": None, "value": "0"}, {"value": "0.0"}, False, "0"):
        replies = batch("DENIED")
        replies["batch_header"]["amount"] = amount
        reply, _ = await pays({PAY: (201, replies)})
        assert isinstance(reply, Declined), amount


@pytest.mark.parametrize(
    ("status", "soft"), [("BLOCKED", False), ("FAILED", True), ("DENIED", True)]
)
async def test_what_paypal_blocks_is_paid_by_nobody_else(status: str, soft: bool) -> None:
    wrong = {"name": "ITEM_PROCESSING_ERROR", "message": "No.", "debug_id": "9"}
    replies = {LOOK: (200, batch("SUCCESS", item(status, errors=wrong)))}
    finding, _ = await ask("look_up", payout_lookup(), replies)
    assert isinstance(finding, Declined)
    assert (finding.soft, finding.code) == (soft, "ITEM_PROCESSING_ERROR")


@pytest.mark.parametrize(
    "answer",
    [
        batch("SUCCESS", item("SUCCESS"), item("SUCCESS")),
        batch(
            "SUCCESS", item("SUCCESS", payout_item={"amount": {"currency": "EUR", "value": "1"}})
        ),
        {**batch("SUCCESS", item("SUCCESS")), "batch_header": {"payout_batch_id": "OTHER"}},
    ],
    ids=["two items", "no key", "another batch"],
)
async def test_a_batch_that_does_not_fit_is_in_doubt(answer: dict[str, Any]) -> None:
    finding, _ = await ask("look_up", payout_lookup(), {LOOK: (200, answer)})
    assert isinstance(finding, InDoubt)


async def test_a_batch_without_items_is_still_to_come() -> None:
    finding, _ = await ask("look_up", payout_lookup(), {LOOK: (200, batch("PROCESSING"))})
    assert finding == Pending(BATCH_REF)


async def test_a_batch_that_paypal_does_not_have_is_not_found() -> None:
    finding, _ = await ask("look_up", payout_lookup(), {})
    assert finding == NotFound()


async def test_a_paid_payout_that_its_transaction_does_not_find_is_not_called_unpaid() -> None:
    paid = {"psp_ref": "1DG93452WK758815H"}
    finding, _ = await ask("look_up", payout_lookup(**paid), {})
    assert finding == NoStatus(safe_to_repeat=True)
    finding, _ = await ask("look_up", payout_lookup(**paid, asked_at=ago(days=40)), {})
    assert finding == NoStatus(safe_to_repeat=False)
