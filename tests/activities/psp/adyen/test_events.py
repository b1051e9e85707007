"""What Adyen's events tell of our instructions: translated, or known to mean nothing to them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from activities.psp.plugins.adyen.certification.suite import AdyenCertification
from activities.psp.plugins.adyen.events import IGNORED, TRANSLATED, UNASKED
from tests.activities.psp.adyen.far import PAYMENT, adyen, asked
from tests.activities.psp.adyen.hearing import hear, item, signed, told_by
from tests.activities.psp.descriptions import check_webhook, description, needs_descriptions
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Operation, Pending


@pytest.mark.parametrize(
    ("code", "reference", "operation", "key"),
    [
        ("CAPTURE", "in_1:capture", Operation.CAPTURE, "in_1:capture"),
        ("CAPTURE", "in_1:case-capture", Operation.CAPTURE, "in_1:case-capture"),
        ("CANCELLATION", "in_1:void:2", Operation.VOID, "in_1:void:2"),
        ("CANCEL_OR_REFUND", "in_1:void:2", Operation.VOID, "in_1:void:2"),
        ("TECHNICAL_CANCEL", "in_1:authorize:2", Operation.VOID, "in_1:void:2"),
        ("TECHNICAL_CANCEL", "in_1:authorize:2:page", Operation.VOID, "in_1:void:2"),
        ("TECHNICAL_CANCEL", "in_1:case-void:2", Operation.VOID, "in_1:case-void:2"),
        ("REFUND", "re_1:refund", Operation.REFUND, "re_1:refund"),
        ("PAYOUT_THIRDPARTY", "po_1:payout:2", Operation.PAYOUT, "po_1:payout:2"),
    ],
)
def test_an_event_finds_its_instruction_by_either_reference(
    code: str, reference: str, operation: Operation, key: str
) -> None:
    event = told_by(item(code, reference))
    assert (event.operation, event.key, event.reply.kind) == (operation, key, "approved")
    assert (event.unasked, event.about) == (False, (PAYMENT,))


@pytest.mark.parametrize(
    ("code", "reference"),
    [
        ("PAYOUT_THIRDPARTY", "po_1:refund"),
        ("AUTHORISATION", ""),
        ("AUTHORISATION", "IN_1:authorize:1"),
        ("AUTHORISATION", "in_1:authorize:0"),
    ],
)
def test_what_names_no_instruction_of_ours_is_passed_over(code: str, reference: str) -> None:
    heard = hear(signed(item(code, reference)))
    assert (list(heard.events), list(heard.ignored)) == ([], [code])


@pytest.mark.parametrize("operation", ["capture", "refund"])
async def test_an_event_has_the_name_that_the_answer_gave(operation: str) -> None:
    """Another capture or refund under our key has another: so it can be told."""
    async with adyen() as far:
        promised = await getattr(far.adapter, operation)(asked(operation))
        reference = far.exchanges[0].body["reference"]
    event = told_by(item(operation.upper(), reference, pspReference=promised.psp_ref))
    assert event.reply == Approved(promised.psp_ref, Money(5000, "EUR"))
    again = told_by(item(operation.upper(), reference, pspReference="ANOTHER"))
    assert again.reply.psp_ref != event.reply.psp_ref


@pytest.mark.parametrize(
    ("code", "more"), [("CANCELLATION", {}), ("CANCEL_OR_REFUND", {"sale": True})], ids=str
)
async def test_a_void_has_the_name_of_the_hold_in_answer_and_event(
    code: str, more: dict[str, Any]
) -> None:
    async with adyen() as far:
        promised: Any = await far.adapter.void(replace(asked("void"), **more))
    event = told_by(item(code, asked("void").key))
    assert promised.psp_ref == event.reply.psp_ref == PAYMENT


def test_a_payout_is_kept_by_its_submission_under_which_it_is_settled() -> None:
    event = told_by(item("PAYOUT_THIRDPARTY", "po_1:payout:1", originalReference="8815"))
    assert event.reply == Approved("8815", Money(5000, "EUR"))
    alone = told_by(item("PAYOUT_THIRDPARTY", "po_1:payout:1", originalReference=None))
    assert alone.reply == Approved("QB7M3KVT65ZGN82W", Money(5000, "EUR"))


def test_yes_and_no_to_one_authorization_are_two_facts_and_a_repetition_is_one() -> None:
    yes = told_by(item("AUTHORISATION"))
    again = told_by(item("AUTHORISATION"))
    no = told_by(item("AUTHORISATION", success="false", reason="Refused"))
    assert yes.event_id == again.event_id != no.event_id
    assert isinstance(no.reply, Declined)


def test_a_refusal_on_the_hosted_page_is_no_result_as_long_as_the_page_is_open() -> None:
    link: dict[str, Any] = {"additionalData": {"paymentLinkId": "PL1"}}
    page, no = "in_1:authorize:1:page", {"success": "false", "reason": "Refused"}
    refused = told_by(item("AUTHORISATION", page, **no, **link))
    closed = told_by(item("OFFER_CLOSED", page, **link))
    # Which page it was is not signed, that it was one is.
    assert refused.reply == closed.reply == Pending("")
    assert refused.key == "in_1:authorize:1"
    paid = told_by(item("AUTHORISATION", page, **link))
    assert isinstance(paid.reply, Approved)
    assert isinstance(told_by(item("AUTHORISATION", **no, **link)).reply, Declined)


@pytest.mark.parametrize("reason", ["Not enough balance", "FRAUD", "Issuer Unavailable", None])
@pytest.mark.parametrize("advice", ["01 : New account information available", None])
def test_why_it_was_refused_is_not_signed_and_has_nobody_else_asked(
    reason: str | None, advice: str | None
) -> None:
    more: dict[str, Any] = {"reason": reason, "additionalData": {"merchantAdviceCode": advice}}
    refused = told_by(item("AUTHORISATION", success="false", **more))
    assert isinstance(refused.reply, Declined)
    assert not refused.reply.soft


@pytest.mark.parametrize(
    ("code", "reference", "success", "reason"),
    [
        ("CAPTURE", "in_1:capture", "false", "capture_refused"),
        ("CAPTURE_FAILED", "in_1:capture", "true", "capture_refused"),
        ("CANCELLATION", "in_1:void:1", "false", "not_voidable"),
        ("TECHNICAL_CANCEL", "in_1:void:1", "false", "not_voidable"),
        ("CANCEL_OR_REFUND", "in_1:void:1", "false", "not_voidable"),
        ("REFUND", "re_1:refund", "false", "not_refundable"),
        ("REFUND_FAILED", "re_1:refund", "true", "returned"),
        ("REFUNDED_REVERSED", "re_1:refund", "true", "returned"),
        ("PAYOUT_THIRDPARTY", "po_1:payout:1", "false", "declined"),
        ("PAYOUT_DECLINE", "po_1:payout:1", "true", "not_permitted"),
        ("PAYOUT_EXPIRE", "po_1:payout:1", "true", "expired"),
        ("PAIDOUT_REVERSED", "po_1:payout:1", "true", "returned"),
        ("OFFER_CLOSED", "in_1:authorize:1", "true", "expired"),
    ],
)
def test_what_did_not_come_about_is_a_hard_no(
    code: str, reference: str, success: str, reason: str
) -> None:
    event = told_by(item(code, reference, success=success))
    assert (event.reply.reason, event.reply.soft, event.key) == (reason, False, reference)


@pytest.mark.parametrize(
    "change",
    [
        {"eventDate": "2026-03-01T14:00:00+01:00"},
        {"reason": "Refused later"},
        {"additionalData": {"refusalReasonRaw": "05 : Do not honor"}},
        {"paymentMethod": "mc"},
        {"operations": ["REFUND"]},
    ],
    ids=str,
)
@pytest.mark.parametrize("success", ["true", "false"])
def test_an_event_in_other_unsigned_words_is_the_same_event(
    success: str, change: dict[str, Any]
) -> None:
    """What may differ is named: all else is the same, so that nothing contradicts the first."""
    words = {"success": success, "reason": "Refused", "paymentMethod": "visa"}
    first = told_by(item("AUTHORISATION", **words))
    second = told_by(item("AUTHORISATION", **(words | change)))
    assert first.event_id == second.event_id
    assert signed_part(first) == signed_part(second)
    later = told_by(item("AUTHORISATION", pspReference="ANOTHER", **words))
    assert later.event_id != first.event_id


def signed_part(event: Any) -> dict[str, Any]:
    members = asdict(event)
    for name in event.unsigned:
        inner = members["reply"] if name.startswith("reply.") else members
        inner.pop(name.removeprefix("reply."), None)
    return members


@pytest.mark.parametrize(
    "change",
    [
        {"pspReference": "ANOTHER"},
        {"originalReference": "ANOTHER"},
        {"merchantReference": "in_2:capture"},
        {"amount": {"currency": "EUR", "value": 4999}},
        {"amount": {"currency": "USD", "value": 5000}},
        {"success": "false"},
    ],
    ids=str,
)
def test_an_event_that_is_signed_otherwise_is_another(change: dict[str, Any]) -> None:
    first = told_by(item("CAPTURE", "in_1:capture"))
    assert told_by(item("CAPTURE", "in_1:capture") | change).event_id != first.event_id


@pytest.mark.parametrize(
    "each",
    [
        item("CAPTURE_FAILED", "in_1:capture", success="false"),
        item("PAYOUT_DECLINE", "po_1:payout:1", success="false"),
        item("CAPTURE", success="false"),
        item("REFUND", success="false"),
        item("CANCELLATION", success="false"),
        item("CHARGEBACK", success="false"),
        item("EXPIRE", success="false"),
    ],
    ids=lambda each: str(each["eventCode"]),
)
def test_an_event_of_which_nothing_came_is_passed_over(each: dict[str, Any]) -> None:
    assert list(hear(signed(each)).ignored) == [each["eventCode"]]


def test_a_sentence_that_may_hold_more_than_a_reason_is_not_kept() -> None:
    for reason in ("card 4111 1111 1111 1111", "<script>", "x" * 200, ""):
        event = told_by(item("REFUND", "re_1:refund", success="false", reason=reason))
        assert event.reply.code == "REFUND"


def test_what_a_card_and_its_issuer_proved_is_heard_too() -> None:
    proof = {"eci": "02", "liabilityShift": "true", "threeDSVersion": "2.2.0"}
    event = told_by(item("AUTHORISATION", paymentMethod="mc", additionalData=proof))
    authentication = event.reply.authentication
    assert (authentication.scheme, authentication.eci, authentication.liability_shift) == (
        "mastercard",
        "02",
        True,
    )


@pytest.mark.parametrize("date", ["", "yesterday", "2026-03-01T13:00:00"])
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    assert (told_by(item("CAPTURE", "in_1:capture", eventDate=date))).occurred_at == ""


def test_a_code_that_no_table_has_fails_nothing() -> None:
    heard = hear(signed(item("ADDED_NEXT_YEAR"), item("CAPTURE", "in_1:capture")))
    assert list(heard.unknown) == ["ADDED_NEXT_YEAR"]
    assert [event.raw_type for event in heard.events] == ["CAPTURE"]


@pytest.mark.parametrize("code", sorted(IGNORED))
def test_what_means_nothing_to_a_payment_is_known_and_passed_over(code: str) -> None:
    assert list((hear(signed(item(code)))).ignored) == [code]


@needs_descriptions
def test_every_event_that_adyen_describes_is_in_the_table() -> None:
    document = description("adyen/Webhooks-v1.json").document
    described = {name.removeprefix("/") for name in document["webhooks"]}
    schemas = document["components"]["schemas"].values()
    for schema in schemas:
        described |= set(schema.get("properties", {}).get("eventCode", {}).get("enum", ()))
    assert len(described) > 45
    assert described - TRANSLATED.keys() - UNASKED.keys() - IGNORED == set()
    assert not (TRANSLATED.keys() | UNASKED.keys()) & IGNORED


@needs_descriptions
def test_the_examples_are_webhooks_as_adyen_describes_them() -> None:
    at, checked = description("adyen/Webhooks-v1.json"), 0
    for path in sorted(AdyenCertification().examples.glob("*.json")):
        example = json.loads(path.read_text())
        for wrapped in example.get("webhook", {}).get("notificationItems", []):
            code = wrapped["NotificationRequestItem"]["eventCode"]
            if code != "ADDED_NEXT_YEAR":
                body = json.dumps({**example["webhook"], "notificationItems": [wrapped]})
                check_webhook(at, code, body.encode())
                checked += 1
    assert checked > 20
