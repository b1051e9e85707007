"""Adyen's refusals in our words, with what issuer and scheme say about trying again."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from activities.psp.plugins.adyen.authentication import authentication_of, scheme_of
from activities.psp.plugins.adyen.declines import FAULTS, REFUSALS, not_taken, refused, spoken
from workflows.domain.declines import SOFT, Reason, Retry
from workflows.domain.psp import Authentication, Declined


def test_every_refusal_that_adyen_lists_is_in_the_table() -> None:
    listed = {str(n) for n in range(2, 47)} - {"13", "30"}
    assert REFUSALS.keys() == listed


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_the_same_by_number_and_by_text(code: str) -> None:
    text, reason, soft = REFUSALS[code]
    by_number = refused(code, None, {}, None)
    assert by_number == Declined(reason, soft, code)
    assert refused(None, text, {}, None) == by_number
    assert refused(None, text.upper() + ".", {}, None) == by_number


@pytest.mark.parametrize("code", REFUSALS)
def test_only_what_may_be_soft_is_and_fraud_never(code: str) -> None:
    _, reason, soft = REFUSALS[code]
    assert not soft or reason in SOFT
    assert reason is not Reason.UNMAPPED
    assert not (soft and reason is Reason.FRAUD)


@pytest.mark.parametrize(
    ("code", "text", "told"),
    [
        ("99", "Added next year", "99"),
        (None, "Added next year", "Added next year"),
        (None, None, "none"),
        ("<b>", "4111 1111 1111 1111", "none"),
    ],
)
def test_what_no_table_knows_is_hard_and_counted(
    code: str | None, text: str | None, told: str
) -> None:
    with structlog.testing.capture_logs() as lines:
        assert refused(code, text, {}, None) == Declined(Reason.UNMAPPED, False, told)
    (line,) = lines
    assert (line["event"], line["psp"], line["code"]) == ("psp_decline_unmapped", "adyen", told)


def test_a_number_that_is_unknown_is_read_by_its_text() -> None:
    assert refused("99", "Refused", {}, None).code == "2"


@pytest.mark.parametrize(
    ("additional", "brand", "retry", "soft"),
    [
        ({"refusalReasonRaw": "51 : Insufficient funds"}, "visa", Retry.LATER, True),
        ({"refusalReasonRaw": "4 : Pick up card"}, "visa", Retry.NEVER, False),
        ({"refusalCodeRaw": "R1", "refusalReasonRaw": "05 : x"}, "visa", Retry.NEVER, False),
        ({"merchantAdviceCode": "03 : Do not try again"}, "mc", Retry.NEVER, False),
        ({"merchantAdviceCode": "24 : Retry after 1 hour"}, "mc", Retry.LATER, True),
        ({"merchantAdviceCode": "2 : Try again later"}, None, Retry.LATER, True),
    ],
)
def test_what_a_scheme_says_goes_along(
    additional: dict[str, Any], brand: str | None, retry: Retry, soft: bool
) -> None:
    told = refused("2", "Refused", additional, brand)
    assert told.advice is not None
    assert (told.advice.retry, told.soft, told.code) == (retry, soft, "2")


@pytest.mark.parametrize(
    "additional", [{}, {"refusalReasonRaw": "AUTHORISED"}, {"refusalReasonRaw": 5}], ids=str
)
def test_without_a_code_of_the_issuer_nothing_is_advised(additional: dict[str, Any]) -> None:
    assert refused("2", "Refused", additional, "visa").advice is None


@pytest.mark.parametrize("code", FAULTS)
def test_a_request_that_is_not_taken_is_hard(code: str) -> None:
    assert not_taken(code) == Declined(FAULTS[code], False, code)


def test_a_fault_that_no_table_knows_is_counted() -> None:
    with structlog.testing.capture_logs() as lines:
        assert not_taken("14_018") == Declined(Reason.UNMAPPED, False, "14_018")
    assert [line["event"] for line in lines] == ["psp_decline_unmapped"]


def test_only_plain_words_are_kept() -> None:
    assert spoken("Insufficient balance on payment") == "Insufficient balance on payment"
    for text in ("a\nb", "näher", "x" * 81, "5555555555554444", None, ""):
        assert spoken(text) is None


# --- 3-D Secure ---------------------------------------------------------------------------------

PROOF = {
    "eci": "05",
    "cavv": "AAABBEg0VhI0VniQEjRWAAAAAAA=",
    "dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
    "threeDSVersion": "2.2.0",
    "threeDAuthenticated": "true",
    "liabilityShift": "true",
    "avsResult": "4 AVS not supported for this card type",
    "cvcResult": "1 Matches",
}


def test_a_proof_is_kept_with_its_scheme() -> None:
    assert authentication_of(PROOF, "visa") == Authentication(
        scheme="visa",
        eci="05",
        cavv="AAABBEg0VhI0VniQEjRWAAAAAAA=",
        cavv_present=True,
        version="2.2.0",
        ds_trans_id="f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
        liability_shift=True,
        avs="4 AVS not supported for this card type",
        cvv="1 Matches",
    )


def test_an_eci_without_its_scheme_means_nothing() -> None:
    told = authentication_of(PROOF, None)
    assert told is not None
    assert (told.scheme, told.eci, told.liability_shift) == (None, None, True)


@pytest.mark.parametrize("additional", [{}, {"eci": "N/A"}, {"eci": ""}, {"eci": 5}], ids=str)
def test_where_nothing_was_proved_nothing_is_kept(additional: dict[str, Any]) -> None:
    assert authentication_of(additional, "visa") is None


def test_a_cavv_is_absent_only_where_it_is_known_to_be() -> None:
    without = authentication_of({"threeDAuthenticated": "false", "eci": "07"}, "visa")
    unsaid = authentication_of({"eci": "05"}, "visa")
    assert (without and without.cavv_present, unsaid and unsaid.cavv_present) == (False, None)


@pytest.mark.parametrize(
    ("names", "scheme"),
    [
        ({"paymentMethodVariant": "visaclassic"}, "visa"),
        ({"paymentMethodVariant": "mc_applepay"}, "mastercard"),
        ({"paymentMethod": "amex"}, "amex"),
        ({"paymentMethod": "jcb"}, "jcb"),
        ({"paymentMethod": "paypal"}, None),
        ({"paymentMethod": 1}, None),
        ({}, None),
    ],
    ids=str,
)
def test_a_scheme_is_known_by_adyens_names(names: dict[str, Any], scheme: str | None) -> None:
    assert scheme_of(names, None) == scheme
