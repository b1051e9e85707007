"""Every code has a reason, is soft or hard, and says how the card may be tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from activities.psp.plugins.stripe.declines import (
    DECLINES,
    FAILED_REFUNDS,
    REQUESTS,
    declined,
    failed,
)
from activities.psp.plugins.stripe.messages import Card, PaymentMethod, Problem
from tests.activities.psp.descriptions import needs_descriptions
from tests.activities.psp.descriptions.loading import folder
from workflows.domain.declines import SOFT, Advice, Reason, Retry
from workflows.domain.psp import Declined


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def card_error(code: str, **members: Any) -> Problem:
    return Problem(type="card_error", code="card_declined", decline_code=code, **members)


def by(brand: str, problem: Problem) -> Problem:
    return problem.model_copy(update={"payment_method": PaymentMethod(card=Card(brand=brand))})


def retry_of(said: Declined) -> Retry:
    assert said.advice is not None
    return said.advice.retry


@needs_descriptions
def test_every_code_that_stripe_documents_is_mapped() -> None:
    codes = json.loads((folder() / "declines.json").read_text())["stripe"]["codes"]
    assert len(codes) > 40
    assert sorted(set(codes) - DECLINES.keys()) == []


@pytest.mark.parametrize("code", DECLINES)
def test_a_mapped_code_is_kept_and_is_soft_by_the_vocabulary_alone(code: str) -> None:
    reason, retry = DECLINES[code]
    said = declined(card_error(code))
    assert (said.reason, said.code) == (reason, code)
    assert said.soft == (reason in SOFT and retry is not Retry.NEVER)
    assert retry_of(said) is retry


@pytest.mark.parametrize(
    ("code", "soft"),
    [
        ("insufficient_funds", True),
        ("generic_decline", True),
        ("authentication_required", True),
        ("do_not_try_again", False),
        ("fraudulent", False),
        ("stolen_card", False),
        ("merchant_blacklist", False),
        ("incorrect_cvc", False),
    ],
)
def test_soft_and_hard(code: str, soft: bool) -> None:
    assert declined(card_error(code)).soft is soft


@pytest.mark.parametrize("code", ["03", "21"])
@pytest.mark.parametrize("brand", [None, "visa", "cartes_bancaires", "mastercard"])
def test_a_network_that_says_no_more_is_heard_whatever_card_it_was(
    brand: str | None, code: str
) -> None:
    problem = card_error("generic_decline", network_advice_code=code)
    said = declined(by(brand, problem) if brand else problem)
    assert (said.soft, retry_of(said)) == (False, Retry.NEVER)


def test_a_code_of_no_table_is_hard_counted_and_never_tried_again(
    logged: list[structlog.typing.EventDict],
) -> None:
    said = declined(card_error("invented_next_year", advice_code="try_again_later"))
    assert (said.reason, said.soft, said.code) == (Reason.UNMAPPED, False, "invented_next_year")
    assert retry_of(said) is Retry.NEVER
    assert failed("invented_next_year", "failed").reason == Reason.UNMAPPED
    assert [line["event"] for line in logged] == ["psp_decline_unmapped"] * 2


@pytest.mark.parametrize(
    ("word", "retry", "soft"),
    [
        ("try_again_later", Retry.LATER, True),
        ("confirm_card_data", Retry.AFTER_CHANGE, True),
        ("do_not_try_again", Retry.NEVER, False),
        ("a_word_of_next_year", Retry.LATER, True),
    ],
)
def test_stripes_own_advice_counts_where_it_is_stricter(
    word: str, retry: Retry, soft: bool
) -> None:
    said = declined(card_error("do_not_honor", advice_code=word))
    assert said.soft is soft
    assert said.advice == Advice(retry, advice_code=word)


def test_a_friendly_advice_makes_no_stolen_card_good() -> None:
    said = declined(card_error("stolen_card", advice_code="try_again_later"))
    assert (said.soft, retry_of(said)) == (False, Retry.NEVER)


@pytest.mark.parametrize(
    ("brand", "members", "retry", "seconds", "soft"),
    [
        ("visa", {"network_decline_code": "51"}, Retry.LATER, None, True),
        ("visa", {"network_decline_code": "14"}, Retry.NEVER, None, False),
        ("visa", {"network_decline_code": "05"}, Retry.LATER, None, True),
        ("mastercard", {"network_advice_code": "03"}, Retry.NEVER, None, False),
        ("mastercard", {"network_advice_code": "24"}, Retry.LATER, 3600, True),
        ("amex", {"network_decline_code": "14"}, Retry.LATER, None, True),
    ],
)
def test_the_schemes_rules_count_where_they_are_stricter(
    brand: str, members: dict[str, str], retry: Retry, seconds: int | None, soft: bool
) -> None:
    said = declined(by(brand, card_error("do_not_honor", **members)))
    assert said.soft is soft
    assert said.advice is not None
    assert (said.advice.retry, said.advice.after_seconds) == (retry, seconds)
    assert said.advice.scheme == brand
    assert said.advice.scheme_code == members.get("network_decline_code")


@pytest.mark.parametrize("code", REQUESTS)
def test_a_refused_request_is_hard_and_no_fault_of_the_card(code: str) -> None:
    said = declined(Problem(type="invalid_request_error", code=code))
    assert said == Declined(REQUESTS[code], soft=False, code=code)


def test_what_else_is_wrong_with_a_request_is_an_invalid_request() -> None:
    assert declined(Problem(type="invalid_request_error")) == Declined(
        Reason.INVALID_REQUEST, soft=False, code="invalid_request_error"
    )
    token = Problem(type="invalid_request_error", code="resource_missing", param="payment_method")
    assert declined(token).reason == Reason.UNKNOWN_TOKEN


def test_a_failed_authentication_is_told_although_it_is_no_card_error() -> None:
    problem = Problem(type="invalid_request_error", code="payment_intent_authentication_failure")
    said = declined(problem)
    assert (said.reason, said.soft) == (Reason.AUTHENTICATION_FAILED, False)


def test_refunds_that_came_to_nothing_say_why() -> None:
    for reason, ours in FAILED_REFUNDS.items():
        assert failed(reason, "failed") == Declined(ours, soft=False, code=reason)
    for reason in ("declined", "expired_or_canceled_card", "lost_or_stolen_card", "unknown"):
        assert FAILED_REFUNDS[reason] is Reason.RETURNED
    assert failed(None, "canceled").reason == Reason.VOIDED
    assert failed(None, "failed").reason == Reason.RETURNED
