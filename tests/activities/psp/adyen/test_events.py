"""What Adyen's events tell of our instructions: translated, or known to mean nothing to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities.psp.plugins.adyen.certification import AdyenCertification
from activities.psp.plugins.adyen.events import IGNORED, TRANSLATED
from tests.activities.psp.adyen.far import PAYMENT
from tests.activities.psp.adyen.hearing import hear, item, signed, told_by
from tests.activities.psp.descriptions import check_webhook, description, needs_descriptions
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Operation, Pending


@pytest.mark.parametrize(
    ("code", "reference", "operation", "key"),
    [
        ("CAPTURE", "in_1:capture", Operation.CAPTURE, "in_1:capture"),
        ("CAPTURE", "in_1:case-capture", Operation.CAPTURE, "in_1:case-capture"),
        ("CAPTURE", "in_1:authorize:3", Operation.CAPTURE, "in_1:capture"),
        ("CANCELLATION", "in_1:void:2", Operation.VOID, "in_1:void:2"),
        ("CANCELLATION", "in_1:authorize:2", Operation.VOID, "in_1:void:2"),
        ("TECHNICAL_CANCEL", "in_1:authorize:2", Operation.VOID, "in_1:void:2"),
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


@pytest.mark.parametrize(
    ("code", "reference"),
    [
        ("REFUND", "in_1:authorize:1"),
        ("REFUND", "in_1:capture"),
        ("CAPTURE", "in_1:void:1"),
        ("CANCELLATION", "in_1:authorize"),
        ("PAYOUT_THIRDPARTY", "po_1:refund"),
        ("AUTHORISATION", ""),
        ("AUTHORISATION", "IN_1:authorize:1"),
        ("AUTHORISATION", "in_1:authorize:0"),
    ],
)
def test_what_names_no_instruction_of_ours_is_passed_over(code: str, reference: str) -> None:
    heard = hear(signed(item(code, reference)))
    assert (list(heard.events), list(heard.ignored)) == ([], [code])


def test_a_capture_is_kept_by_the_payment_that_adyen_refunds() -> None:
    event = told_by(item("CAPTURE", "in_1:capture"))
    assert event.reply == Approved(PAYMENT, Money(5000, "EUR"))


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
    refused = told_by(item("AUTHORISATION", success="false", reason="Refused", **link))
    closed = told_by(item("OFFER_CLOSED", **link))
    assert refused.reply == closed.reply == Pending("link_PL1")
    paid = told_by(item("AUTHORISATION", **link))
    assert isinstance(paid.reply, Approved)


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
    ],
    ids=["date", "reason", "issuer"],
)
def test_what_adyen_tells_again_in_other_words_contradicts_nothing(change: dict[str, Any]) -> None:
    """The inbox refuses other facts under one id, and Adyen repeats what is refused."""
    told = {"success": "false", "reason": "Refused", "paymentMethod": "visa"}
    told |= {"eventDate": "2026-03-01T13:00:00+01:00"}
    first = told_by(item("AUTHORISATION", **told))
    second = told_by(item("AUTHORISATION", **(told | change)))
    assert first == told_by(item("AUTHORISATION", **told))
    assert first == second or first.event_id != second.event_id


@pytest.mark.parametrize(
    "each",
    [
        item("CAPTURE_FAILED", "in_1:capture", success="false"),
        item("PAYOUT_DECLINE", "po_1:payout:1", success="false"),
        item("CANCEL_OR_REFUND", additionalData={"modification.action": "refund"}),
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
    told = event.reply.authentication
    assert (told.scheme, told.eci, told.liability_shift) == ("mastercard", "02", True)


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
    assert described - TRANSLATED.keys() - IGNORED == set()
    assert not TRANSLATED.keys() & IGNORED


@needs_descriptions
def test_the_examples_are_webhooks_as_adyen_describes_them() -> None:
    at, told = description("adyen/Webhooks-v1.json"), 0
    for path in sorted(AdyenCertification().examples.glob("*.json")):
        example = json.loads(path.read_text())
        for wrapped in example.get("webhook", {}).get("notificationItems", []):
            code = wrapped["NotificationRequestItem"]["eventCode"]
            if code != "ADDED_NEXT_YEAR":
                body = json.dumps({**example["webhook"], "notificationItems": [wrapped]})
                check_webhook(at, code, body.encode())
                told += 1
    assert told > 20
