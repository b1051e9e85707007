"""What Stripe tells of its page, and of what others did with a payment of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities.psp.contract import Delivery
from activities.psp.plugins.stripe.certification.replies import session
from tests.activities.psp.stripe.exchanges import pi, re
from tests.activities.psp.stripe.hearing import (
    CHARGE,
    PRIMARY,
    delivery_of,
    event,
    hear,
    one,
    signed,
)
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Operation, Ready

# --- the hosted page --------------------------------------------------------------------------


PAGE_MADE = {"paysaga_key": "in_cert:authorize:1", "paysaga_page": "checkout"}


@pytest.mark.parametrize("kind", ["completed", "async_payment_succeeded", "async_payment_failed"])
def test_a_page_that_was_answered_is_looked_at_since_it_does_not_say_held_or_taken(
    kind: str,
) -> None:
    for paid in ("paid", "unpaid"):
        answered = session(status="complete", payment_status=paid, payment_intent="pi_1")
        heard = one(delivery_of(f"checkout.session.{kind}", answered))
        assert (heard.key, heard.operation) == ("in_cert:authorize:1", Operation.AUTHORIZE)
        assert (heard.reply, str(heard.amount)) == (Ready("cs_certified"), "50.00 EUR")


def test_a_page_that_expired_is_an_authorization_that_came_to_nothing() -> None:
    heard = one(delivery_of("checkout.session.expired", session(status="expired", url=None)))
    assert heard.reply == Declined("expired", soft=False, code="expired")


def test_a_no_on_a_page_is_not_the_end_since_the_player_may_try_again() -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"}
    failed = pi(status="requires_payment_method", last_payment_error=error, metadata=PAGE_MADE)
    kind = "payment_intent.payment_failed"
    assert delivery_of(kind, failed) == Delivery(ignored=(kind,))


# --- facts that nobody asked for --------------------------------------------------------------


def test_a_refund_by_hand_is_found_by_the_payment_and_counts_once_whoever_tells_it() -> None:
    by_hand = re(metadata={}, charge="ch_1")
    listed = {"object": "list", "data": [by_hand], "has_more": False}
    foreign = {**CHARGE, "captured": True, "metadata": {}, "refunds": listed}
    for kind, thing in (
        ("refund.created", by_hand),
        ("refund.updated", re(metadata=None, charge="ch_1")),
        ("charge.refund.updated", re(metadata={"order": "7"}, charge="ch_1")),
        ("charge.refunded", foreign),
    ):
        heard = one(delivery_of(kind, thing))
        assert (heard.key, heard.operation, heard.unasked) == ("", Operation.REFUND, True)
        assert heard.reply == Approved("re_1", Money(5000, "EUR"))
        assert heard.about == ("pi_1", "ch_1")


def test_several_refunds_of_one_charge_are_several_facts_of_one_event() -> None:
    ours, other = re(id="re_1"), re(id="re_2", metadata={}, charge="ch_1")
    listed = {"object": "list", "data": [ours, other], "has_more": False}
    heard = delivery_of("charge.refunded", {**CHARGE, "captured": True, "refunds": listed}).events
    assert [(each.event_id, each.key, each.unasked) for each in heard] == [
        ("evt_1:re_1", "re_cert:refund", False),
        ("evt_1:re_2", "", True),
    ]


def test_what_a_cancel_lets_go_of_is_no_refund() -> None:
    listed = {"object": "list", "data": [re(metadata={}, charge="ch_1")], "has_more": False}
    kind = "charge.refunded"
    assert delivery_of(kind, {**CHARGE, "refunds": listed}) == Delivery(ignored=(kind,))
    assert delivery_of(kind, {**CHARGE, "captured": True}) == Delivery(ignored=(kind,))


def test_a_refund_by_hand_moves_nothing_before_it_succeeds_and_tells_when_it_comes_back() -> None:
    kind = "refund.created"
    assert delivery_of(kind, re(metadata={}, status="pending")) == Delivery(ignored=(kind,))
    failed = one(delivery_of("refund.failed", re(metadata={}, status="failed", charge="ch_1")))
    assert isinstance(failed.reply, Declined)
    assert (failed.unasked, failed.about) == (True, ("re_1", "pi_1", "ch_1"))
    nowhere = re(metadata={}, payment_intent=None)
    assert delivery_of(kind, nowhere) == Delivery(ignored=(kind,))


def test_a_hold_that_a_charge_says_has_expired_is_the_same_fact_as_the_cancel() -> None:
    heard = one(delivery_of("charge.expired", CHARGE))
    assert (heard.key, heard.operation, heard.unasked) == ("in_1:authorize:1", Operation.VOID, True)
    assert heard.reply == Approved("pi_1", Money(5000, "EUR"))
    assert heard.about == ("pi_1", "ch_1")


def dispute(status: str, moves: int | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "dp_1",
        "object": "dispute",
        "amount": 4000,
        "currency": "eur",
        "status": status,
        "charge": "ch_1",
        "payment_intent": "pi_1",
    }
    return made if moves is None else {**made, "balance_transactions": [{"id": "txn_1"}] * moves}


@pytest.mark.parametrize(
    ("kind", "status", "moves", "operation"),
    [
        ("created", "needs_response", 1, Operation.CHARGEBACK),
        ("funds_withdrawn", "needs_response", 1, Operation.CHARGEBACK),
        ("funds_withdrawn", "a_word_of_next_year", None, Operation.CHARGEBACK),
        ("closed", "lost", 1, Operation.CHARGEBACK),
        ("funds_reinstated", "won", 2, Operation.CHARGEBACK_REVERSED),
        ("closed", "won", 2, Operation.CHARGEBACK_REVERSED),
    ],
)
def test_a_dispute_is_money_that_the_bank_took_or_gave_back(
    kind: str, status: str, moves: int | None, operation: Operation
) -> None:
    heard = one(delivery_of(f"charge.dispute.{kind}", dispute(status, moves)))
    assert (heard.key, heard.operation, heard.unasked) == ("", operation, True)
    assert heard.reply == Approved("dp_1", Money(4000, "EUR"))
    assert heard.about == ("pi_1", "ch_1")


@pytest.mark.parametrize(
    ("kind", "status", "moves"),
    [
        ("created", "warning_needs_response", 0),
        ("created", "needs_response", 0),
        ("closed", "warning_closed", 0),
        ("closed", "won", 1),
        ("closed", "prevented", 0),
    ],
)
def test_a_dispute_that_has_moved_nothing_is_passed_over(
    kind: str, status: str, moves: int
) -> None:
    named = f"charge.dispute.{kind}"
    assert delivery_of(named, dispute(status, moves)) == Delivery(ignored=(named,))


def test_an_event_of_an_old_api_version_is_heard() -> None:
    old = json.loads(event("payment_intent.succeeded", pi(status="succeeded", amount_received=1)))
    body = json.dumps({**old, "request": "req_1"}).encode()
    assert one(hear(signed(PRIMARY, body=body), body)).unasked is True
