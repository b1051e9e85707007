"""Adyen's refusals in our words, with what issuer and scheme say about trying again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import structlog

from activities.psp.plugins.adyen.authentication import authentication_of, proof, scheme_of
from activities.psp.plugins.adyen.declines import REFUSALS, refused, spoken
from workflows.domain.declines import SOFT, Advice, DeclineReason, Retry
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
    assert reason is not DeclineReason.UNMAPPED
    assert not (soft and reason is DeclineReason.FRAUD)


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("99", "Added next year", "99"),
        (None, "Added next year", "Added next year"),
        (None, None, "none"),
        ("<b>", "4111 1111 1111 1111", "none"),
    ],
)
def test_what_no_table_knows_is_hard_and_counted(
    code: str | None, text: str | None, expected: str
) -> None:
    with structlog.testing.capture_logs() as lines:
        assert refused(code, text, {}, None) == Declined(DeclineReason.UNMAPPED, False, expected)
    (line,) = lines
    assert (line["event"], line["psp"], line["code"]) == ("psp_decline_unmapped", "adyen", expected)


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
    decline = refused("2", "Refused", additional, brand)
    assert decline.advice is not None
    assert (decline.advice.retry, decline.soft, decline.code) == (retry, soft, "2")


@pytest.mark.parametrize(
    "additional",
    [{}, {"refusalReasonRaw": "AUTHORISED"}, {"refusalReasonRaw": 5}, {"refusalCodeRaw": "N/A"}],
    ids=str,
)
def test_without_a_code_of_the_issuer_nothing_is_advised(additional: dict[str, Any]) -> None:
    assert refused("2", "Refused", additional, "visa").advice is None


@pytest.mark.parametrize(
    ("raw", "brand", "scheme", "kept"),
    [
        ("05 : Do not honor", "visa", "visa", "05"),
        ("05 : Do not honor", "mc", "mastercard", "05"),
        ("5 : Do not honor", "visa", "visa", "5"),
        ("100 : Deny", "amex", "amex", "100"),
        ("05 : Do not honor", "diners", "diners", "05"),
        ("05 : Do not honor", None, None, "05"),
        ("DECLINED Expired Card", "visa", "visa", "DECLINED Expired Card"),
    ],
)
def test_the_issuers_code_is_kept_as_it_came_for_every_scheme(
    raw: str, brand: str | None, scheme: str | None, kept: str
) -> None:
    advice = refused("2", "Refused", {"refusalReasonRaw": raw}, brand).advice
    assert advice is not None
    assert (advice.scheme, advice.scheme_code, advice.advice_code) == (scheme, kept, None)


@pytest.mark.parametrize(
    ("advised", "kept", "retry", "soft"),
    [
        ("22 : Merchant does not qualify for product code", "22", Retry.FREE, True),
        ("42 : Sanctions score exceeds applicable threshold value", "42", Retry.NEVER, False),
        ("88 : Added next year", "88", Retry.FREE, True),
    ],
)
def test_the_advice_is_kept_beside_the_issuers_code_also_where_no_table_has_it(
    advised: str, kept: str, retry: Retry, soft: bool
) -> None:
    additional = {"refusalReasonRaw": "05 : Do not honor", "merchantAdviceCode": advised}
    declined = refused("2", "Refused", additional, "mc")
    assert declined.soft is soft
    assert declined.advice == Advice(retry, None, "mastercard", "05", kept)


@pytest.mark.parametrize("brand", ["visa", "mc", "amex", "diners", "jcb", None])
@pytest.mark.parametrize(
    "additional",
    [
        {"refusalReasonRaw": "59 : Suspected fraud"},
        {"refusalReasonRaw": "59"},
        {"refusalCodeRaw": "59", "refusalReasonRaw": "DECLINED"},
        {"refusalReasonRaw": "34 : Implausible card data"},
        {"refusalReasonRaw": "DECLINED Suspected Fraud"},
        {"refusalReasonRaw": "07 : Pick up card, fraud account"},
    ],
    ids=str,
)
def test_fraud_is_hard_whoever_says_so_and_however(
    additional: dict[str, Any], brand: str | None
) -> None:
    declined = refused("2", "Refused", additional, brand)
    assert (declined.reason, declined.soft, declined.code) == (DeclineReason.FRAUD, False, "2")


@pytest.mark.parametrize("text", ["Issuer Suspected Fraud", "Fraud rule of next year"])
def test_fraud_in_a_webhooks_text_is_hard_too(text: str) -> None:
    declined = refused(None, text, {}, None)
    assert (declined.reason, declined.soft) == (DeclineReason.FRAUD, False)


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
    proven = authentication_of(PROOF, None)
    assert proven is not None
    assert (proven.scheme, proven.eci, proven.liability_shift) == (None, None, True)


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


# --- a proof given elsewhere ----------------------------------------------------------------------

GIVEN = Authentication(
    scheme="visa",
    eci="05",
    cavv="AAABBEg0VhI0VniQEjRWAAAAAAA=",
    version="2.2.0",
    ds_trans_id="f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
)


@pytest.mark.parametrize(("eci", "status"), [("05", "Y"), ("02", "Y"), ("06", "A"), ("01", "A")])
def test_a_proof_from_elsewhere_is_told_in_adyens_words(eci: str, status: str) -> None:
    assert proof(replace(GIVEN, eci=eci)) == {
        "cavv": GIVEN.cavv,
        "eci": eci,
        "dsTransID": GIVEN.ds_trans_id,
        "directoryResponse": status,
        "threeDSVersion": "2.2.0",
    }


@pytest.mark.parametrize(
    "given",
    [
        None,
        replace(GIVEN, eci="07"),
        replace(GIVEN, cavv=None),
        replace(GIVEN, cavv="not base64 at all"),
        replace(GIVEN, cavv="c2hvcnQ="),
        replace(GIVEN, ds_trans_id=None),
    ],
    ids=["nothing", "no eci", "no cavv", "no base64", "too short", "no transaction"],
)
def test_what_proves_nothing_is_not_handed_on(given: Authentication | None) -> None:
    assert proof(given) is None
