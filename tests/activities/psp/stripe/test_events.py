"""What Stripe tells of payments and refunds of ours."""

from __future__ import annotations

from typing import Any

import pytest

from activities.psp.contract import Delivery, WebhookRefused
from tests.activities.psp.stripe.exchanges import pi, re
from tests.activities.psp.stripe.hearing import (
    CHARGE,
    delivery_of,
    one,
)
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Operation, Pending, Ready

# --- meaning ----------------------------------------------------------------------------------


def test_a_capture_that_we_asked_for_is_told_under_its_own_key() -> None:
    taken = pi(status="succeeded", amount_received=3000)
    marked = {**taken["metadata"], "paysaga_capture": "in_cert:capture"}
    for thing, key, ours in (
        (taken, "in_cert:capture", "in_cert:capture"),
        (taken, "in_cert:case-capture", "in_cert:case-capture"),
        ({**taken, "metadata": marked}, None, "in_cert:capture"),
        ({**taken, "metadata": marked}, "in_cert:case-capture", "in_cert:case-capture"),
    ):
        heard = one(delivery_of("payment_intent.succeeded", thing, key))
        assert (heard.key, heard.operation, heard.unasked) == (ours, Operation.CAPTURE, False)
        assert heard.reply == Approved("pi_1", Money(3000, "EUR"))
        assert str(heard.amount) == "30.00 EUR"


@pytest.mark.parametrize("key", [None, "in_other:capture", "in_cert:authorize:1", "0d9b-by-hand"])
def test_a_capture_by_hand_is_a_fact_that_nobody_asked_for(key: str | None) -> None:
    taken = pi(status="succeeded", amount_received=3000, latest_charge="ch_1")
    heard = one(delivery_of("payment_intent.succeeded", taken, key))
    assert (heard.key, heard.operation) == ("in_cert:authorize:1", Operation.CAPTURE)
    assert (heard.unasked, heard.about) == (True, ("pi_1", "ch_1"))
    assert heard.reply == Approved("pi_1", Money(3000, "EUR"))


def test_a_cancel_that_we_asked_for_is_told_under_the_key_of_the_void() -> None:
    gone = pi(status="canceled", latest_charge="ch_1")
    for key in ("in_cert:void:1", "in_cert:case-void:1"):
        heard = one(delivery_of("payment_intent.canceled", gone, key))
        assert (heard.key, heard.operation, heard.unasked) == (key, Operation.VOID, False)
        assert heard.reply == Approved("pi_1", Money(5000, "EUR"))


@pytest.mark.parametrize("reason", ["automatic", "expired", "requested_by_customer", None])
def test_a_hold_that_lapsed_or_was_canceled_by_hand_is_a_fact_that_nobody_asked_for(
    reason: str | None,
) -> None:
    gone = pi(status="canceled", cancellation_reason=reason, latest_charge="ch_1")
    heard = one(delivery_of("payment_intent.canceled", gone))
    assert (heard.key, heard.operation) == ("in_cert:authorize:1", Operation.VOID)
    assert (heard.unasked, heard.about) == (True, ("pi_1", "ch_1"))
    assert heard.reply == Approved("pi_1", Money(5000, "EUR"))


@pytest.mark.parametrize(
    ("reason", "ours"),
    [("automatic", "expired"), ("expired", "expired"), (None, "voided"), ("abandoned", "voided")],
)
def test_what_never_held_anything_is_an_authorization_that_came_to_nothing(
    reason: str | None, ours: str
) -> None:
    gone = pi(status="canceled", cancellation_reason=reason)
    heard = one(delivery_of("payment_intent.canceled", gone))
    assert (heard.key, heard.operation) == ("in_cert:authorize:1", Operation.AUTHORIZE)
    assert (heard.unasked, heard.reply.reason) == (False, ours)


def test_what_is_processed_is_promised_to_whoever_asked() -> None:
    asked = pi(status="processing")
    for key, operation in (
        ("in_cert:capture", Operation.CAPTURE),
        ("in_cert:authorize:1", Operation.AUTHORIZE),
    ):
        heard = one(delivery_of("payment_intent.processing", asked, key))
        assert (heard.key, heard.operation, heard.reply) == (key, operation, Pending("pi_1"))


def test_a_failure_that_left_the_hold_alone_is_no_decline_of_it() -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
    still = pi(status="requires_capture", amount_capturable=5000, last_payment_error=error)
    kind = "payment_intent.payment_failed"
    assert delivery_of(kind, still, "in_cert:capture") == Delivery(ignored=(kind,))


def test_an_approved_charge_tells_of_a_hold_and_a_captured_one_of_a_sale() -> None:
    held = one(delivery_of("charge.succeeded", CHARGE))
    assert (held.key, held.operation) == ("in_1:authorize:1", Operation.AUTHORIZE)
    assert held.reply == Approved("pi_1", Money(5000, "EUR"))
    sold = one(
        delivery_of("charge.succeeded", {**CHARGE, "captured": True, "amount_captured": 5000})
    )
    assert sold.reply == Approved("pi_1", Money(5000, "EUR"), captured=True)


def test_a_charge_of_a_method_without_holds_that_is_not_captured_yet_is_no_hold() -> None:
    kind = "charge.succeeded"
    early = {**CHARGE, "payment_method_details": {"type": "ideal"}}
    assert delivery_of(kind, early) == Delivery(ignored=(kind,))
    assert one(delivery_of(kind, {**CHARGE, "payment_method_details": {"type": "card"}})).reply


def test_a_sale_is_an_authorization_by_which_the_money_is_taken() -> None:
    for method in ("automatic", "automatic_async"):
        sold = pi(status="succeeded", amount_received=5000, capture_method=method)
        heard = one(delivery_of("payment_intent.succeeded", sold))
        assert (heard.key, heard.operation) == ("in_cert:authorize:1", Operation.AUTHORIZE)
        assert heard.reply == Approved("pi_1", Money(5000, "EUR"), captured=True)


def test_a_decline_behind_which_a_block_may_hide_is_looked_at_before_it_is_believed() -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
    failed = {"status": "requires_payment_method", "latest_charge": "ch_1"}
    kind = "payment_intent.payment_failed"
    unclear = one(delivery_of(kind, pi(**failed, last_payment_error=error)))
    assert unclear.reply == Ready("pi_1")
    bank = {**error, "network_decline_code": "05"}
    assert one(delivery_of(kind, pi(**failed, last_payment_error=bank))).reply.soft is True
    plain = {**error, "decline_code": "insufficient_funds"}
    assert one(delivery_of(kind, pi(**failed, last_payment_error=plain))).reply.soft is True


# --- refunds of ours --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
)
@pytest.mark.parametrize(
    ("status", "reply"),
    [
        ("succeeded", Approved),
        ("pending", Pending),
        ("requires_action", Pending),
        ("failed", Declined),
        ("canceled", Declined),
    ],
)
def test_every_event_of_a_refund_says_what_its_status_says(
    kind: str, status: str, reply: type
) -> None:
    heard = one(delivery_of(kind, re(status=status)))
    assert (heard.key, heard.operation) == ("re_cert:refund", Operation.REFUND)
    assert isinstance(heard.reply, reply)
    assert str(heard.amount) == "50.00 EUR"


@pytest.mark.parametrize("change", [{"amount": "5000"}, {"currency": "xyz"}, {"id": "../pi"}])
def test_an_event_of_ours_that_cannot_be_understood_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(WebhookRefused) as refused:
        delivery_of(
            "payment_intent.amount_capturable_updated", pi(amount_capturable=5000, **change)
        )
    assert (refused.value.rule, refused.value.status) == ("malformed", 422)
