"""What is told of a payment: events and answers say the same, but for what is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from workflows.domain import deposits, payouts, published, refunds
from workflows.domain.identity import Kind
from workflows.domain.published import PaymentVersion

AT = datetime(2031, 1, 31, 12, tzinfo=UTC)
DETAILS: dict[str, dict[str, Any]] = {
    Kind.DEPOSIT: {"capture_method": "automatic", "return_url": "https://casino.example/"},
    Kind.PAYOUT: {"destination": "dst_ok"},
    Kind.REFUND: {"capture_id": "cap_1"},
}
STATUSES = {
    Kind.DEPOSIT: deposits.Status.CAPTURED,
    Kind.PAYOUT: payouts.Status.PROCESSING,
    Kind.REFUND: refunds.Status.SUBMITTED,
}
FACTS: dict[str, Any] = {
    "account": {"psp": "sandbox", "id": "primary"},
    "captured": {"minor_units": 5000, "currency": "EUR"},
    "authentication": {"scheme": "visa", "cavv": "AAAB"},
    "attempts": [
        {
            "account": {"psp": "sandbox", "id": "primary"},
            "key": "in_1:authorize:1",
            "outcome": "declined",
            "reason": "insufficient_funds",
        }
    ],
}


def a_version(kind: Kind, **changes: Any) -> PaymentVersion:
    version = PaymentVersion(
        payment_id="in_1",
        kind=kind,
        brand="acme",
        region="eu",
        player_id="player-1",
        currency="EUR",
        amount_minor=5000,
        method="card",
        intent_id="in_2",
        refund_id=None,
        trace_id="trace-1",
        requester="ann",
        credential="",
        details=DETAILS[kind],
        number=3,
        status=STATUSES[kind],
        final=False,
        facts=FACTS,
        opened_at=AT,
        at=AT,
    )
    return replace(version, **changes)


@pytest.mark.parametrize("kind", Kind)
def test_an_event_and_an_answer_say_the_same(kind: Kind) -> None:
    version = a_version(kind)
    assert published.answer_of(version) == published.event_of(version)


def test_an_answer_to_the_opening_has_no_times_yet() -> None:
    opened = a_version(Kind.DEPOSIT, opened_at=None, at=None)
    event, answer = published.event_of(opened), published.answer_of(opened)
    assert event.keys() - answer.keys() == {"created_at", "updated_at"}


def test_a_refund_without_an_intent_names_none_in_an_event_and_an_empty_one_in_an_answer() -> None:
    alone = a_version(Kind.REFUND, intent_id=None)
    event, answer = published.event_of(alone), published.answer_of(alone)
    assert (event.pop("intent_id"), answer.pop("intent_id")) == (None, "")
    assert event == answer


def test_a_deposit_says_what_was_asked_and_that_there_was_a_proof() -> None:
    event = published.event_of(a_version(Kind.DEPOSIT))
    assert event["captured"] == {"amount": "50.00", "currency": "EUR"}
    assert event["attempts"][0]["step"] == "authorize:1"
    assert event["three_ds"]["cavv_present"] is True
    assert event["updated_at"] == "2031-01-31T12:00:00Z"


def test_a_payout_says_whom_it_waits_for() -> None:
    event = published.event_of(a_version(Kind.PAYOUT))
    assert (event["waits_for"]["on"], event["waits_for"]["psp"]) == ("psp", "sandbox")
