"""What others did at PayPal to a payment of ours is heard as such, and found by PayPal's ids."""

from __future__ import annotations

from typing import Any

import pytest

from activities.psp.contract import Delivery
from activities.psp.plugins.paypal.certification import replies as replies
from activities.psp.plugins.paypal.certification import things as things
from tests.activities.psp.paypal.far import CAPTURE, HELD, ORDER, REFUND, Json, captured, held
from tests.activities.psp.paypal.hearing import event, hear, refusal, sent
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Operation

FIFTY = Money(5000, "EUR")
AUTHORIZE = things.AUTHORIZE
UP = {"href": f"{things.API}/v2/payments/captures/{CAPTURE}", "rel": "up", "method": "GET"}
IDS = {"order_id": ORDER, "authorization_id": HELD}


def by_hand(**more: Any) -> Json:
    """A capture in PayPal's dashboard: it inherits the references of the order."""
    related = {"supplementary_data": {"related_ids": IDS}}
    return captured(id="9HX59541U471931P2", invoice_id=AUTHORIZE) | related | more


def returned(status: str = "COMPLETED", **more: Any) -> Json:
    """A refund or a reversal, as PayPal shows what it gave back of a capture."""
    made = things.refund(status, "in_cert:capture", things.EUR)
    return made | {"links": [UP]} | more


async def heard(kind: str, resource: Json) -> PspEvent:
    (only,) = (await hear(sent(event(kind, resource)))).events
    return only


async def passed_over(kind: str, resource: Json) -> bool:
    return await hear(sent(event(kind, resource))) == Delivery(ignored=(kind,))


# --- holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("PAYMENT.AUTHORIZATION.VOIDED", "VOIDED"),
        ("PAYMENT.AUTHORIZATION.EXPIRED", "CREATED"),
        ("PAYMENT.AUTHORIZATION.EXPIRED", "VOIDED"),
        ("PAYMENT.AUTHORIZATION.EXPIRED", "EXPIRED"),
    ],
)
async def test_a_hold_that_was_let_go_is_told_by_its_authorization(kind: str, status: str) -> None:
    fact = await heard(kind, held(status, custom_id="in_cert:authorize:2"))
    assert (fact.operation, fact.unasked) == (Operation.VOID, True)
    assert (fact.key, fact.about) == ("in_cert:authorize:2", (HELD, ORDER))
    assert fact.reply == Approved(HELD, FIFTY)


@pytest.mark.parametrize("status", ["CAPTURED", "PARTIALLY_CAPTURED", "DENIED"])
async def test_of_a_hold_that_was_used_nothing_lapses(status: str) -> None:
    assert await passed_over("PAYMENT.AUTHORIZATION.EXPIRED", held(status))


async def test_a_capture_that_somebody_made_by_hand_is_told_with_its_hold() -> None:
    fact = await heard("PAYMENT.CAPTURE.COMPLETED", by_hand())
    assert (fact.operation, fact.unasked, fact.key) == (Operation.CAPTURE, True, AUTHORIZE)
    assert fact.about == (HELD, "9HX59541U471931P2", ORDER)
    assert fact.reply == Approved("9HX59541U471931P2", FIFTY)


@pytest.mark.parametrize("status", ["PENDING", "DECLINED", "FAILED", "ADDED_NEXT_YEAR"])
async def test_a_capture_by_hand_that_took_nothing_is_no_fact(status: str) -> None:
    assert await passed_over("PAYMENT.CAPTURE.PENDING", by_hand(status=status))


async def test_a_capture_of_ours_stays_the_answer_to_our_instruction() -> None:
    fact = await heard("PAYMENT.CAPTURE.COMPLETED", captured())
    # By its own name it can be looked up: PayPal signs a checksum alone.
    assert (fact.key, fact.unasked, fact.about) == (things.CAPTURE, False, (things.CAPTURE_ID,))
    assert fact.hearsay


# --- what was taken back ----------------------------------------------------------------------

BACK = [
    ("PAYMENT.CAPTURE.REFUNDED", Operation.REFUND),
    ("PAYMENT.REFUND.COMPLETED", Operation.REFUND),
    ("PAYMENT.CAPTURE.REVERSED", Operation.CHARGEBACK),
]


@pytest.mark.parametrize(("kind", "operation"), BACK)
async def test_money_that_was_taken_back_names_its_capture(kind: str, operation: Operation) -> None:
    fact = await heard(kind, returned())
    assert (fact.operation, fact.unasked) == (operation, True)
    assert (fact.key, fact.about) == ("", (CAPTURE,))
    assert fact.reply == Approved(REFUND, FIFTY)


@pytest.mark.parametrize(("kind", "operation"), BACK)
async def test_it_names_our_authorization_where_paypal_hands_its_reference_on(
    kind: str, operation: Operation
) -> None:
    fact = await heard(kind, returned(custom_id=AUTHORIZE))
    assert (fact.operation, fact.key, fact.about) == (operation, AUTHORIZE, (CAPTURE,))


@pytest.mark.parametrize("odd", ["in_cert:authorize", "in_cert:authorize:x", "in_cert:retry"])
async def test_a_reference_that_is_none_of_an_authorization_is_no_key(odd: str) -> None:
    fact = await heard("PAYMENT.CAPTURE.REFUNDED", returned(custom_id=odd))
    assert (fact.key, fact.about) == ("", (CAPTURE,))


@pytest.mark.parametrize(("kind", "operation"), BACK)
async def test_what_another_shop_gave_back_is_passed_over(kind: str, operation: Operation) -> None:
    others = {"invoice_id": "17", "custom_id": "order 17"}
    assert await passed_over(kind, returned(**others)), operation
    # Without any reference the payment may be ours: PayPal's id of the capture says so.
    nameless: Json = {"invoice_id": None, "custom_id": None}
    assert (await heard(kind, returned(**nameless))).about == (CAPTURE,)
    assert await passed_over(kind, returned(links=[], **nameless))


@pytest.mark.parametrize("kind", [kind for kind, _ in BACK])
async def test_a_refund_of_ours_stays_the_answer_to_our_instruction(kind: str) -> None:
    fact = await heard(kind, returned(invoice_id=things.REFUND))
    assert (fact.key, fact.operation, fact.unasked) == (things.REFUND, Operation.REFUND, False)


@pytest.mark.parametrize(("kind", "operation"), BACK)
@pytest.mark.parametrize("status", ["PENDING", "FAILED", "CANCELLED", "ADDED_NEXT_YEAR"])
async def test_what_was_not_given_back_yet_is_no_fact(
    kind: str, operation: Operation, status: str
) -> None:
    assert await passed_over(kind, returned(status)), operation


async def test_a_reversal_is_read_without_a_status_and_below_zero() -> None:
    older = returned(amount={"currency_code": "EUR", "value": "-50.00"})
    del older["status"]
    fact = await heard("PAYMENT.CAPTURE.REVERSED", older)
    assert fact.reply == Approved(REFUND, FIFTY)
    assert fact.amount == FIFTY


async def test_a_reversal_that_shows_the_capture_itself_is_found_by_it() -> None:
    fact = await heard("PAYMENT.CAPTURE.REVERSED", captured("REFUNDED"))
    assert (fact.operation, fact.unasked) == (Operation.CHARGEBACK, True)
    assert (fact.key, fact.about) == (AUTHORIZE, (CAPTURE, ORDER))
    assert fact.reply == Approved(CAPTURE, FIFTY)


async def test_two_events_about_one_refund_name_the_same_thing() -> None:
    first = await heard("PAYMENT.CAPTURE.REFUNDED", returned())
    second = await heard("PAYMENT.REFUND.COMPLETED", returned())
    assert first.reply == second.reply


# --- disputes ---------------------------------------------------------------------------------


def dispute(*movements: tuple[str, str, str], **transaction: Any) -> Json:
    return {
        "dispute_id": "PP-D-27803",
        "status": "RESOLVED",
        "disputed_transactions": [{"seller_transaction_id": CAPTURE, **transaction}],
        "dispute_amount": things.EUR,
        "money_movements": [
            {
                "affected_party": party,
                "type": kind,
                "amount": {"currency_code": "EUR", "value": value},
            }
            for party, kind, value in movements
        ],
    }


TAKEN, BROUGHT = ("SELLER", "DEBIT", "50.00"), ("SELLER", "CREDIT", "30.00")


async def test_what_comes_back_of_a_dispute_is_told_by_the_dispute() -> None:
    fact = await heard("CUSTOMER.DISPUTE.RESOLVED", dispute(TAKEN, BROUGHT, custom=AUTHORIZE))
    assert (fact.operation, fact.unasked) == (Operation.CHARGEBACK_REVERSED, True)
    assert (fact.key, fact.about) == (AUTHORIZE, (CAPTURE,))
    assert fact.reply == Approved("PP-D-27803", Money(3000, "EUR"))


@pytest.mark.parametrize(
    "movements",
    [(), (TAKEN,), (TAKEN, ("BUYER", "CREDIT", "50.00")), (("SELLER", "CREDIT", "0"),)],
    ids=["none", "taken", "the buyer's", "zero"],
)
async def test_what_a_dispute_takes_is_told_by_the_reversal_alone(movements: Any) -> None:
    """Told twice, under two ids, it would be taken from the books twice."""
    assert await passed_over("CUSTOMER.DISPUTE.RESOLVED", dispute(*movements, custom=AUTHORIZE))


async def test_a_dispute_of_another_shop_is_passed_over() -> None:
    others = dispute(TAKEN, BROUGHT, custom="order 17", invoice_number="17")
    assert await passed_over("CUSTOMER.DISPUTE.RESOLVED", others)
    ours = dispute(TAKEN, BROUGHT, invoice_number="in_cert:capture")
    assert (await heard("CUSTOMER.DISPUTE.RESOLVED", ours)).key == ""


@pytest.mark.parametrize("kind", ["PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"])
async def test_what_names_us_and_cannot_be_read_is_never_passed_over(kind: str) -> None:
    spoiled = returned(custom_id=AUTHORIZE, amount=None)
    assert await refusal(sent(event(kind, spoiled))) == ("malformed", 422)
