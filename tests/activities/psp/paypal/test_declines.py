"""PayPal's refusals in our words: soft or hard, with advice, and what no table has."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog

from activities.psp.plugins.paypal.client import IN_DOUBT
from activities.psp.plugins.paypal.declines import (
    ADVICE,
    REFUND_STATUSES,
    STATUSES,
    declined,
    declined_payment,
)
from activities.psp.plugins.paypal.issues import ISSUES
from activities.psp.plugins.paypal.messages import ErrorMessage, Moved, Order
from activities.psp.plugins.paypal.processor_codes import PROCESSOR
from tests.activities.psp.descriptions import description, needs_descriptions
from tests.activities.psp.paypal.far import held, order
from workflows.domain.declines import SOFT, Advice, DeclineReason, Retry

EVERY_TABLE = {**ISSUES, **PROCESSOR, **STATUSES, **REFUND_STATUSES}


def denied(brand: str | None = None, **response: str) -> tuple[Moved, Order]:
    refused = held("DENIED", processor_response=response)
    whole = order("COMPLETED", refused)
    if brand is not None:
        whole["payment_source"] = {"card": {"brand": brand}}
    return Moved.model_validate(refused), Order.model_validate(whole)


def test_no_reason_is_softer_here_than_it_may_be() -> None:
    assert not {code for code, (reason, soft) in EVERY_TABLE.items() if soft and reason not in SOFT}


def test_an_unmapped_code_is_hard_and_leaves_a_line() -> None:
    with structlog.testing.capture_logs() as lines:
        made = declined("ADDED_NEXT_YEAR")
    assert (made.reason, made.soft, made.code) == (DeclineReason.UNMAPPED, False, "ADDED_NEXT_YEAR")
    assert [line["event"] for line in lines] == ["psp_decline_unmapped"]


@pytest.mark.parametrize(
    ("code", "reason", "soft"),
    [
        ("5120", DeclineReason.INSUFFICIENT_FUNDS, True),
        ("0500", DeclineReason.DO_NOT_HONOR, True),
        ("5650", DeclineReason.AUTHENTICATION_REQUIRED, True),
        ("5400", DeclineReason.EXPIRED_CARD, False),
        ("9500", DeclineReason.FRAUD, False),
        ("9520", DeclineReason.STOLEN_CARD, False),
        ("PPUA", DeclineReason.NOT_PERMITTED, False),
        *((code, DeclineReason.ACCOUNT_MISCONFIGURED, True) for code in ("1340", "1350", "1370")),
        *((code, DeclineReason.ACCOUNT_MISCONFIGURED, True) for code in ("PPAG", "PPBG", "5700")),
        *((code, DeclineReason.CURRENCY_NOT_SUPPORTED, True) for code in ("PPUC", "PPVC")),
        ("PCNR", DeclineReason.AUTHENTICATION_REQUIRED, True),
        *((code, DeclineReason.UNKNOWN_TOKEN, False) for code in ("PPTE", "PPTR", "PPTV")),
        *((code, DeclineReason.INVALID_CARD, False) for code in ("PPFI", "PPPM")),
        ("5190", DeclineReason.INVALID_ADDRESS, False),
        *(
            (code, DeclineReason.PROCESSING_ERROR, True)
            for code in ("PPNM", "PPRR", "PPCE", "PPUE")
        ),
        ("0R00", DeclineReason.CANCELLED_BY_PLAYER, False),
        ("PPGR", DeclineReason.NOT_REFUNDABLE, False),
        ("PPMD", DeclineReason.UNMAPPED, False),
    ],
)
def test_a_processors_code_says_more_than_the_status(
    code: str, reason: DeclineReason, soft: bool
) -> None:
    made = declined_payment(*denied(response_code=code))
    assert (made.reason, made.soft, made.code) == (reason, soft, code)


def test_a_denial_without_a_code_is_told_by_its_status() -> None:
    for response in ({}, {"response_code": "0000"}):
        made = declined_payment(*denied(**response))
        assert (made.reason, made.code) == (DeclineReason.DO_NOT_HONOR, "DENIED")


@pytest.mark.parametrize("code", ADVICE)
def test_the_networks_advice_comes_along(code: str) -> None:
    made = declined_payment(*denied("VISA", response_code="0500", payment_advice_code=code))
    assert made.advice == Advice(ADVICE[code], None, "visa", "0500", code)
    assert made.soft is (ADVICE[code] is not Retry.NEVER)


def test_mastercards_advice_is_read_by_mastercards_own_rules() -> None:
    made = declined_payment(*denied("MASTERCARD", response_code="0500", payment_advice_code="03"))
    assert made.advice is not None
    assert (made.advice.retry, made.advice.scheme) == (Retry.NEVER, "mastercard")
    assert made.soft is False


def test_what_paypals_own_filters_hold_for_fraud_goes_to_nobody_else() -> None:
    moved, order = denied("VISA", response_code="0500")
    details = {"reason": "DECLINED_BY_RISK_FRAUD_FILTERS"}
    blocked = Moved.model_validate(
        {**moved.model_dump(exclude_none=True), "status_details": details}
    )
    for made in (declined_payment(blocked, order), declined_payment(blocked)):
        assert (made.reason, made.soft) == ("fraud", False)
        assert made.code == "DECLINED_BY_RISK_FRAUD_FILTERS"
        assert made.advice is not None
        assert made.advice.scheme_code == "0500"


@pytest.mark.parametrize("brand", ["VISA", "MASTERCARD", "AMEX", "JCB", "ELO", None])
@pytest.mark.parametrize("advice", ["01", "22", "42", "99", None])
def test_the_codes_are_kept_as_they_came_whatever_the_scheme(
    brand: str | None, advice: str | None
) -> None:
    response = {"response_code": "5120"} | ({"payment_advice_code": advice} if advice else {})
    made = declined_payment(*denied(brand, **response))
    assert made.advice is not None
    assert (made.advice.scheme_code, made.advice.advice_code) == ("5120", advice)
    assert made.advice.scheme == (brand.lower() if brand else None)
    # The network's word that it is of no use, ever: nobody is asked again, elsewhere neither.
    assert made.soft is (made.advice.retry is not Retry.NEVER)


def test_advice_42_is_never_again() -> None:
    made = declined_payment(*denied("MASTERCARD", response_code="5120", payment_advice_code="42"))
    assert made.advice is not None
    assert (made.advice.retry, made.soft) == (Retry.NEVER, False)


@pytest.mark.parametrize(
    "code", [code for code, (r, _) in PROCESSOR.items() if r is DeclineReason.FRAUD]
)
def test_fraud_goes_to_nobody_else_whatever_the_network_advises(code: str) -> None:
    made = declined_payment(*denied("VISA", response_code=code, payment_advice_code="02"))
    assert (made.reason, made.soft) == (DeclineReason.FRAUD, False)


def test_nothing_that_says_fraud_is_soft_in_any_table() -> None:
    fraud = {code for code, (reason, soft) in EVERY_TABLE.items() if reason == "fraud" and soft}
    assert not fraud


def test_the_code_of_a_refusal_is_a_word_and_never_a_sentence() -> None:
    message: dict[str, Any] = {
        "name": "USER_BUSINESS_ERROR",
        "details": [{"issue": "Receiver player@example.com is no good"}],
    }
    assert ErrorMessage.model_validate(message).code == "USER_BUSINESS_ERROR"
    assert ErrorMessage.model_validate({"name": "Name of a player"}).code == "ERROR"


def issues_in(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(issues_in, node))
    if not isinstance(node, dict):
        return set()
    own = node.get("properties", {}).get("issue", {}).get("enum", [])
    return set(own).union(*map(issues_in, node.values()))


@needs_descriptions
def test_every_issue_of_captures_voids_and_refunds_is_in_a_table() -> None:
    schemas = description("paypal/payments_payment_v2.json").document["components"]["schemas"]
    issues = issues_in(
        [schemas[name] for name in ("422", "authorizations.void-422", "captures.refund-422")]
    )
    # Fees of platforms, which we do not ask for.
    assert issues - ISSUES.keys() - IN_DOUBT == {
        "PLATFORM_FEE_EXCEEDED",
        "PLATFORM_FEE_NOT_ENABLED",
    }


@needs_descriptions
def test_every_processors_code_here_is_one_of_paypals() -> None:
    schemas = description("paypal/checkout_orders_v2.json").document["components"]["schemas"]
    codes = schemas["processor_response"]["properties"]["response_code"]["enum"]
    assert PROCESSOR.keys() <= set(codes)
    assert len(PROCESSOR) > 80


@needs_descriptions
def test_the_issues_of_orders_that_are_in_no_table_are_of_what_we_do_not_use() -> None:
    document = description("paypal/checkout_orders_v2.json").document
    schemas = document["components"]["schemas"]
    issues = issues_in([schemas["422"], schemas["orders.authorize-422"]])
    unmapped = issues - ISSUES.keys() - IN_DOUBT
    about = json.dumps(sorted(unmapped))
    assert len(unmapped) < 90, about
    assert not [issue for issue in unmapped if issue.startswith(("PAYER", "ORDER_N", "ORDER_E"))]
