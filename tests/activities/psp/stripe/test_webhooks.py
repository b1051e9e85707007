"""Stripe's signature against Stripe's own library, and every type of event it has."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, get_args

import pytest
import stripe
from stripe.params import WebhookEndpointCreateParams

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.plugins.stripe.event_types import IGNORED, TRANSLATED
from activities.psp.plugins.stripe.settings import StripeAccount, StripeSettings
from activities.psp.plugins.stripe.webhooks import Ear
from tests.activities.psp.stripe.exchanges import pi, re
from workflows.domain.psp import Approved, Declined, Operation, Pending

NOW = 1_800_000_000
PRIMARY, PREVIOUS, SECONDARY, STRANGER = "whsec_1", "whsec_0", "whsec_2", "whsec_x"
EAR = Ear(
    StripeSettings(
        accounts={
            "primary": StripeAccount.model_validate(
                {
                    "url": "https://api.stripe.com",
                    "secret_key": "sk_1",
                    "webhook_secret": PRIMARY,
                    "webhook_secret_previous": PREVIOUS,
                }
            ),
            "secondary": StripeAccount.model_validate(
                {
                    "url": "https://api.stripe.com",
                    "secret_key": "sk_2",
                    "webhook_secret": SECONDARY,
                }
            ),
        }
    )
)


def event(kind: str, thing: dict[str, Any], key: str | None = None) -> bytes:
    request = {"id": "req_1" if key else None, "idempotency_key": key}
    told = {"id": "evt_1", "object": "event", "type": kind, "created": NOW, "request": request}
    return json.dumps({**told, "data": {"object": thing}}).encode()


BODY = event("payment_intent.succeeded", pi(status="succeeded", amount_received=5000))


def made(secret: str, body: bytes, at: int) -> str:
    return hmac.digest(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()


def signed(*secrets: str, body: bytes = BODY, at: int = NOW, before: str = "") -> str:
    return f"t={at}," + before + ",".join(f"v1={made(each, body, at)}" for each in secrets)


def hear(header: str, body: bytes = BODY, received_at: float = NOW) -> Delivery:
    return EAR.hear(WebhookRequest({"stripe-signature": header}, body, received_at))


def told(kind: str, thing: dict[str, Any], key: str | None = None) -> Delivery:
    body = event(kind, thing, key)
    return hear(signed(PRIMARY, body=body), body)


def rule_of(header: str, received_at: float = NOW) -> str:
    with pytest.raises(WebhookRefused) as refused:
        hear(header, received_at=received_at)
    return refused.value.rule


def their_library_takes(header: str, secret: str = PRIMARY, body: bytes = BODY) -> bool:
    """By its own clock and with its own tolerance."""
    tolerance = stripe.Webhook.DEFAULT_TOLERANCE
    try:
        stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance)
    except stripe.SignatureVerificationError:
        return False
    return True


# --- signatures -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        signed(PRIMARY),
        signed(STRANGER, PRIMARY),
        signed(PRIMARY, STRANGER),
        signed(PRIMARY, before="v0=" + "0" * 64 + ","),
    ],
)
def test_one_good_signature_of_several_is_enough_to_us_and_to_their_library(header: str) -> None:
    assert hear(header).events
    assert their_library_takes(header)


@pytest.mark.parametrize(
    "header",
    [
        signed(STRANGER),
        signed(STRANGER, STRANGER),
        f"t={NOW},v0={made(PRIMARY, BODY, NOW)}",
        f"t={NOW},v1=",
        f"t={NOW + 1},v1={made(PRIMARY, BODY, NOW)}",
        f"t={NOW},v1={made(PRIMARY, BODY, NOW)[:-1]}",
        f"t={NOW},v1={made(PRIMARY, BODY + b' ', NOW)}",
        f"v1={made(PRIMARY, BODY, NOW)}",
        "v1",
    ],
)
def test_a_bad_signature_is_refused_by_us_and_by_their_library(header: str) -> None:
    assert rule_of(header) in ("signature", "malformed_timestamp")
    assert not their_library_takes(header)


@pytest.mark.parametrize(
    "header",
    [
        f"t={NOW},t={NOW},v1={made(PRIMARY, BODY, NOW)}",
        f"t=+{NOW},v1={made(PRIMARY, BODY, NOW)}",
        f"t={NOW},v1={made(PRIMARY, BODY, NOW).upper()}",
        f"t={NOW}, v1={made(PRIMARY, BODY, NOW)}",
    ],
)
def test_only_canonical_text_is_believed(header: str) -> None:
    assert rule_of(header) in ("signature", "malformed_timestamp")


def test_what_stands_behind_ten_signatures_is_not_looked_at() -> None:
    assert rule_of(signed(*[STRANGER] * 10, PRIMARY)) == "signature"
    assert hear(signed(*[STRANGER] * 9, PRIMARY)).events


def test_the_future_is_refused_although_their_library_takes_it() -> None:
    # NOW is years ahead of the clock by which their library judges.
    assert their_library_takes(signed(PRIMARY))
    assert rule_of(signed(PRIMARY), received_at=NOW - 301) == "timestamp_window"
    assert hear(signed(PRIMARY), received_at=NOW - 300).events


def test_the_past_is_refused_as_their_library_refuses_it() -> None:
    old = signed(PRIMARY, at=1_600_000_000)
    assert not their_library_takes(old)
    assert rule_of(signed(PRIMARY), received_at=NOW + 301) == "timestamp_window"


@pytest.mark.parametrize(
    ("secret", "account"),
    [(PRIMARY, "primary"), (PREVIOUS, "primary"), (SECONDARY, "secondary")],
)
def test_the_secret_that_signed_says_which_account_it_is(secret: str, account: str) -> None:
    (heard,) = hear(signed(secret)).events
    assert heard.account == account


def test_what_is_rightly_signed_and_no_event_is_malformed() -> None:
    for body in (b"", b"[]", b'{"type": 1}', b'{"type": "payment_intent.succeeded"}', b"\xff"):
        with pytest.raises(WebhookRefused) as refused:
            hear(signed(PRIMARY, body=body), body)
        assert (refused.value.rule, refused.value.status) == ("malformed", 422)


# --- types ------------------------------------------------------------------------------------


def their_types() -> set[str]:
    """Of an endpoint's settings in Stripe's own library."""
    (kinds,) = get_args(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    return set(get_args(kinds)) - {"*"}


def test_every_type_of_event_that_stripe_has_is_translated_or_ignored() -> None:
    theirs = their_types()
    assert len(theirs) > 250
    assert sorted(theirs ^ (TRANSLATED | IGNORED)) == []
    assert not TRANSLATED & IGNORED


@pytest.mark.parametrize("kind", ["charge.refunded", "customer.created", "payout.paid"])
def test_what_means_nothing_to_a_payment_is_ignored_whatever_it_holds(kind: str) -> None:
    assert told(kind, {"anything": [1]}) == Delivery(ignored=(kind,))


def test_a_type_of_next_year_fails_no_delivery() -> None:
    assert told("payment_intent.levitated", {}) == Delivery(unknown=("payment_intent.levitated",))


@pytest.mark.parametrize("kind", sorted(TRANSLATED))
@pytest.mark.parametrize("metadata", [None, {}, {"paysaga_key": "order-7"}, {"other": "in_1"}])
def test_what_is_not_ours_is_passed_over(kind: str, metadata: object) -> None:
    assert told(kind, {"metadata": metadata}) == Delivery(ignored=(kind,))


# --- meaning ----------------------------------------------------------------------------------


def one(delivery: Delivery) -> Any:
    (heard,) = delivery.events
    return heard


def test_the_key_of_a_capture_is_that_of_the_call_else_that_of_the_payment() -> None:
    taken = pi(status="succeeded", amount_received=3000)
    for key, ours in (
        ("in_cert:capture", "in_cert:capture"),
        ("in_cert:case-capture", "in_cert:case-capture"),
        ("in_other:capture", "in_cert:capture"),
        ("in_cert:authorize:1", "in_cert:capture"),
        (None, "in_cert:capture"),
    ):
        heard = one(told("payment_intent.succeeded", taken, key))
        assert (heard.key, heard.operation) == (ours, Operation.CAPTURE)
        assert isinstance(heard.reply, Approved)
        assert str(heard.reply.amount) == str(heard.amount) == "30.00 EUR"


def test_a_cancel_is_about_the_void_or_about_an_authorization_that_never_was() -> None:
    gone = {"status": "canceled", "cancellation_reason": "automatic"}
    voided = one(told("payment_intent.canceled", pi(**gone), "in_cert:case-void:1"))
    assert (voided.key, voided.operation) == ("in_cert:case-void:1", Operation.VOID)
    lapsed = one(told("payment_intent.canceled", pi(**gone, latest_charge="ch_1")))
    assert (lapsed.key, lapsed.operation) == ("in_cert:void:1", Operation.VOID)
    never = one(told("payment_intent.canceled", pi(**gone)))
    assert (never.key, never.operation) == ("in_cert:authorize:1", Operation.AUTHORIZE)
    assert isinstance(never.reply, Declined)


def test_what_is_processed_is_promised_to_whoever_asked() -> None:
    asked = pi(status="processing")
    for key, operation in (
        ("in_cert:capture", Operation.CAPTURE),
        ("in_cert:authorize:1", Operation.AUTHORIZE),
    ):
        heard = one(told("payment_intent.processing", asked, key))
        assert (heard.key, heard.operation, heard.reply) == (key, operation, Pending("pi_1"))


def test_a_failure_that_left_the_hold_alone_is_no_decline_of_it() -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
    still = pi(status="requires_capture", amount_capturable=5000, last_payment_error=error)
    kind = "payment_intent.payment_failed"
    assert told(kind, still, "in_cert:capture") == Delivery(ignored=(kind,))


def test_a_charge_that_is_captured_at_once_is_none_of_our_holds() -> None:
    charge = {"id": "ch_1", "object": "charge", "amount": 1, "currency": "eur", "captured": True}
    mine = {**charge, "payment_intent": "pi_1", "metadata": {"paysaga_key": "in_1:authorize:1"}}
    assert told("charge.succeeded", mine).ignored == ("charge.succeeded",)
    held = one(told("charge.succeeded", {**mine, "captured": False}))
    assert (held.key, held.reply.psp_ref) == ("in_1:authorize:1", "pi_1")


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
    heard = one(told(kind, re(status=status)))
    assert (heard.key, heard.operation) == ("re_cert:refund", Operation.REFUND)
    assert isinstance(heard.reply, reply)
    assert str(heard.amount) == "50.00 EUR"


@pytest.mark.parametrize("change", [{"amount": "5000"}, {"currency": "xyz"}, {"id": "../pi"}])
def test_an_event_of_ours_that_cannot_be_understood_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(WebhookRefused) as refused:
        told("payment_intent.amount_capturable_updated", pi(amount_capturable=5000, **change))
    assert (refused.value.rule, refused.value.status) == ("malformed", 422)
