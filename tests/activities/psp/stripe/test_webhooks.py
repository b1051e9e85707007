"""Stripe's signature against Stripe's own library, and every type of event it has."""

from __future__ import annotations

from typing import get_args

import pytest
import stripe
from stripe.params import WebhookEndpointCreateParams

from activities.psp.contract import Delivery, WebhookRefused
from activities.psp.plugins.stripe.event_types import (
    DISPUTES,
    IGNORED,
    REFUNDS,
    RETIRED,
    TRANSLATED,
)
from tests.activities.psp.stripe.hearing import (
    BODY,
    NOW,
    PREVIOUS,
    PRIMARY,
    SECONDARY,
    STRANGER,
    delivery_of,
    hear,
    made,
    signed,
)


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
    assert sorted(theirs ^ (TRANSLATED | IGNORED) - RETIRED) == []
    assert not TRANSLATED & IGNORED
    assert not theirs & RETIRED


@pytest.mark.parametrize("kind", ["charge.captured", "customer.created", "order.created"])
def test_what_means_nothing_to_a_payment_is_ignored_whatever_it_holds(kind: str) -> None:
    assert delivery_of(kind, {"anything": [1]}) == Delivery(ignored=(kind,))


def test_a_type_of_next_year_fails_no_delivery() -> None:
    assert delivery_of("payment_intent.levitated", {}) == Delivery(
        unknown=("payment_intent.levitated",)
    )


@pytest.mark.parametrize("kind", sorted(TRANSLATED - REFUNDS - DISPUTES))
@pytest.mark.parametrize("metadata", [None, {}, {"paysaga_key": "order-7"}, {"other": "in_1"}])
def test_what_is_not_ours_is_passed_over(kind: str, metadata: object) -> None:
    assert delivery_of(kind, {"metadata": metadata}) == Delivery(ignored=(kind,))
