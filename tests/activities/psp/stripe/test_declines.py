"""Every code has a reason, is soft or hard, and says how the card may be tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from activities.psp.plugins.stripe.codes import (
    DECLINES,
    FAILED_REFUNDS,
    NETWORK,
    OF_THE_ACCOUNT,
    REQUESTS,
)
from activities.psp.plugins.stripe.declines import declined, failed
from activities.psp.plugins.stripe.messages import Card, Outcome, PaymentMethod, Problem
from tests.activities.psp.descriptions import needs_descriptions
from tests.activities.psp.descriptions.loading import folder
from workflows.domain.declines import SOFT, Advice, DeclineReason, Retry
from workflows.domain.psp import Declined


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def card_error(code: str, **members: Any) -> Problem:
    return Problem(type="card_error", code="card_declined", decline_code=code, **members)


def by(brand: str, problem: Problem) -> Problem:
    return problem.model_copy(update={"payment_method": PaymentMethod(card=Card(brand=brand))})


def retry_of(decline: Declined) -> Retry:
    assert decline.advice is not None
    return decline.advice.retry


@needs_descriptions
def test_every_code_that_stripe_documents_is_mapped() -> None:
    codes = json.loads((folder() / "declines.json").read_text())["stripe"]["codes"]
    assert len(codes) > 40
    assert sorted(set(codes) - DECLINES.keys()) == []


@pytest.mark.parametrize("code", DECLINES)
def test_a_mapped_code_is_kept_and_is_soft_by_the_vocabulary_alone(code: str) -> None:
    reason, retry = DECLINES[code]
    decline = declined(card_error(code))
    assert (decline.reason, decline.code) == (reason, code)
    assert decline.soft == (reason in SOFT and retry is not Retry.NEVER)
    assert retry_of(decline) is retry


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


@pytest.mark.parametrize("code", ["03", "21", "42"])
@pytest.mark.parametrize("brand", [None, "visa", "cartes_bancaires", "mastercard"])
def test_a_network_that_says_no_more_is_heard_whatever_card_it_was(
    brand: str | None, code: str
) -> None:
    problem = card_error("generic_decline", network_advice_code=code)
    decline = declined(by(brand, problem) if brand else problem)
    assert (decline.soft, retry_of(decline)) == (False, Retry.NEVER)


def test_a_code_of_no_table_is_hard_counted_and_never_tried_again(
    logged: list[structlog.typing.EventDict],
) -> None:
    decline = declined(card_error("invented_next_year", advice_code="try_again_later"))
    assert (decline.reason, decline.soft, decline.code) == (
        DeclineReason.UNMAPPED,
        False,
        "invented_next_year",
    )
    assert retry_of(decline) is Retry.NEVER
    assert failed("invented_next_year", "failed").reason == DeclineReason.UNMAPPED
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
    decline = declined(card_error("do_not_honor", advice_code=word))
    assert decline.soft is soft
    assert decline.advice == Advice(retry, advice_code=word)


def test_a_friendly_advice_makes_no_stolen_card_good() -> None:
    decline = declined(card_error("stolen_card", advice_code="try_again_later"))
    assert (decline.soft, retry_of(decline)) == (False, Retry.NEVER)


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
    decline = declined(by(brand, card_error("do_not_honor", **members)))
    assert decline.soft is soft
    assert decline.advice is not None
    assert (decline.advice.retry, decline.advice.after_seconds) == (retry, seconds)
    assert decline.advice.scheme == brand
    assert decline.advice.scheme_code == members.get("network_decline_code")


@pytest.mark.parametrize("code", REQUESTS)
def test_a_refused_request_is_soft_where_another_account_may_take_it(code: str) -> None:
    soft = REQUESTS[code] in OF_THE_ACCOUNT
    refused = declined(Problem(type="invalid_request_error", code=code))
    assert refused == Declined(REQUESTS[code], soft=soft, code=code)


@pytest.mark.parametrize(
    ("kind", "code", "reason", "soft"),
    [
        ("card_error", "authentication_not_handled", "authentication_required", True),
        ("card_error", "charge_exceeds_source_limit", "limit_exceeded", True),
        ("invalid_request_error", "charge_exceeds_transaction_limit", "limit_exceeded", True),
        ("invalid_request_error", "payment_method_not_available", "issuer_unavailable", True),
        ("invalid_request_error", "payment_method_unactivated", "account_misconfigured", True),
        ("invalid_request_error", "amount_too_small", "amount_too_small", True),
        ("invalid_request_error", "balance_insufficient", "insufficient_funds", False),
        ("invalid_request_error", "request_blocked", "blocked", False),
        ("invalid_request_error", "a_code_of_next_year", "invalid_request", False),
    ],
)
def test_what_is_refused_says_whether_another_account_may_take_it(
    kind: str, code: str, reason: str, soft: bool
) -> None:
    refused = declined(Problem(type=kind, code=code))
    assert (refused.reason, refused.soft, refused.code) == (reason, soft, code)


def test_what_the_player_must_prove_first_may_be_tried_after_that() -> None:
    asked = Problem(
        type="card_error", code="card_declined", decline_code="authentication_not_handled"
    )
    assert retry_of(declined(asked)) is Retry.AFTER_CHANGE


# --- fraud ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "reason", "code"),
    [
        ({"type": "blocked", "reason": "highest_risk_level"}, "fraud", "highest_risk_level"),
        ({"type": "blocked", "reason": "merchant_blacklist"}, "blocked", "merchant_blacklist"),
        ({"type": "blocked", "reason": "rule"}, "blocked", "rule"),
        ({"type": "blocked", "reason": "rule", "risk_level": "elevated"}, "fraud", "rule"),
        ({"type": "blocked"}, "blocked", "generic_decline"),
        ({"network_status": "reversed_after_approval"}, "blocked", "generic_decline"),
    ],
)
def test_a_block_by_stripes_own_filter_never_cascades(
    outcome: dict[str, str], reason: str, code: str
) -> None:
    for known in ("generic_decline", "insufficient_funds", "invented_next_year"):
        blocked = declined(card_error(known), Outcome(**outcome))
        assert (blocked.reason, blocked.soft, retry_of(blocked)) == (reason, False, Retry.NEVER)
    assert declined(card_error("generic_decline"), Outcome(**outcome)).code == code


def test_what_the_bank_declined_is_no_block() -> None:
    outcome = Outcome(type="issuer_declined", reason="generic_decline", risk_level="normal")
    assert declined(card_error("generic_decline"), outcome).soft is True


@pytest.mark.parametrize("code", NETWORK)
@pytest.mark.parametrize("brand", ["visa", "mastercard", "amex", "a_scheme_of_next_year"])
def test_fraud_in_the_issuers_own_word_never_cascades(brand: str, code: str) -> None:
    told_so = by(brand, card_error("generic_decline", network_decline_code=code))
    from_the_charge = by(brand, card_error("do_not_honor"))
    for refused in (
        declined(told_so),
        declined(from_the_charge, Outcome(network_decline_code=code)),
    ):
        assert (refused.reason, refused.soft) == (NETWORK[code], False)
        assert refused.advice is not None
        assert (refused.advice.retry, refused.advice.scheme_code) == (Retry.NEVER, code)


def test_a_code_that_is_hard_keeps_its_own_reason() -> None:
    lost = card_error("lost_card", network_decline_code="59")
    assert declined(lost).reason == DeclineReason.LOST_CARD


@pytest.mark.parametrize("brand", ["visa", "mastercard", "amex", "cartes_bancaires", "eftpos_au"])
def test_raw_codes_of_issuer_and_network_are_kept_for_every_scheme(brand: str) -> None:
    codes = {"network_decline_code": "A7", "network_advice_code": "22"}
    advice = declined(by(brand, card_error("do_not_honor", **codes))).advice
    assert advice is not None
    assert (advice.scheme, advice.scheme_code, advice.advice_code) == (brand, "A7", "22")
    unmapped = declined(by(brand, card_error("invented_next_year", **codes))).advice
    assert unmapped is not None
    assert (unmapped.scheme_code, unmapped.advice_code) == ("A7", "22")


def test_what_else_is_wrong_with_a_request_is_an_invalid_request() -> None:
    assert declined(Problem(type="invalid_request_error")) == Declined(
        DeclineReason.INVALID_REQUEST, soft=False, code="invalid_request_error"
    )
    for param in ("payment_method", "customer"):
        token = Problem(type="invalid_request_error", code="resource_missing", param=param)
        assert declined(token).reason == DeclineReason.UNKNOWN_TOKEN


def test_a_failed_authentication_is_told_although_it_is_no_card_error() -> None:
    problem = Problem(type="invalid_request_error", code="payment_intent_authentication_failure")
    decline = declined(problem)
    assert (decline.reason, decline.soft) == (DeclineReason.AUTHENTICATION_FAILED, False)


def test_refunds_that_came_to_nothing_say_why() -> None:
    for reason, ours in FAILED_REFUNDS.items():
        assert failed(reason, "failed") == Declined(ours, soft=False, code=reason)
    for reason in ("declined", "expired_or_canceled_card", "lost_or_stolen_card", "unknown"):
        assert FAILED_REFUNDS[reason] is DeclineReason.RETURNED
    assert failed(None, "canceled").reason == DeclineReason.VOIDED
    assert failed(None, "failed").reason == DeclineReason.RETURNED
