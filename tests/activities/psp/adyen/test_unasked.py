"""What was done to a payment of ours without us: told as such, and never passed over in silence."""

from __future__ import annotations

from typing import Any

import pytest

from activities.psp.plugins.adyen.events import IGNORED, UNASKED
from tests.activities.psp.adyen.far import PAYMENT
from tests.activities.psp.adyen.hearing import hear, item, signed, told_by
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Operation

EUR = Money(5000, "EUR")
OURS, FOREIGN = "in_1:authorize:2", "order-7"
MEANS = {
    "CAPTURE": Operation.CAPTURE,
    "CANCELLATION": Operation.VOID,
    "EXPIRE": Operation.VOID,
    "REFUND": Operation.REFUND,
    "CHARGEBACK": Operation.CHARGEBACK,
    "CHARGEBACK_REVERSED": Operation.CHARGEBACK_REVERSED,
    "CAPTURE_FAILED": Operation.CHARGEBACK,
    "REFUND_FAILED": Operation.CHARGEBACK_REVERSED,
    "REFUNDED_REVERSED": Operation.CHARGEBACK_REVERSED,
}


@pytest.mark.parametrize("reference", [OURS, f"{OURS}:page", f"{OURS}:sale", f"{OURS}:page:sale"])
@pytest.mark.parametrize("code", MEANS)
def test_a_modification_under_the_payments_reference_is_none_of_ours(
    code: str, reference: str
) -> None:
    """Made in the Customer Area it keeps the reference of its payment; ours have their own."""
    event = told_by(item(code, reference, pspReference="BYHAND0000000082"))
    assert (event.operation, event.unasked) == (MEANS[code], True)
    assert (event.key, event.about) == (OURS, (PAYMENT,))
    assert event.reply == Approved("BYHAND0000000082", EUR)
    assert event.account == "casino-eu"


@pytest.mark.parametrize("reference", [FOREIGN, "", None, "in_1:capture:by:hand", "in_1:retry"])
@pytest.mark.parametrize("code", MEANS)
def test_what_names_no_key_of_ours_is_found_by_the_payment(
    code: str, reference: str | None
) -> None:
    event = told_by(item(code) | {"merchantReference": reference})
    assert (event.key, event.about, event.unasked) == ("", (PAYMENT,), True)


@pytest.mark.parametrize("code", ["CAPTURE", "REFUND", "CANCELLATION"])
def test_what_we_instructed_is_no_news(code: str) -> None:
    reference = {"CAPTURE": "in_1:capture", "REFUND": "re_1:refund", "CANCELLATION": "in_1:void:2"}
    event = told_by(item(code, reference[code]))
    assert (event.unasked, event.key) == (False, reference[code])


def test_a_second_chargeback_takes_the_money_once_more() -> None:
    """All events of a dispute have one reference: it has to have another name than the first."""
    dispute = {"pspReference": "9915555555555555"}
    first, second = (
        told_by(item(code, OURS, **dispute)) for code in ("CHARGEBACK", "SECOND_CHARGEBACK")
    )
    assert first.reply.psp_ref == "9915555555555555"
    assert second.reply.psp_ref == "9915555555555555:second"
    assert second.operation is Operation.CHARGEBACK
    assert first.event_id != second.event_id


@pytest.mark.parametrize("action", ["cancel", "refund", None])
def test_what_a_reversal_by_hand_did_is_known_to_whoever_knows_the_payment(
    action: str | None,
) -> None:
    """Adyen does not sign which of the two it was; that it is of a sale says our reference."""
    more = {"additionalData": {"modification.action": action}}
    event = told_by(item("CANCEL_OR_REFUND", OURS, **more))
    assert (event.operation, event.unasked, event.key) == (Operation.VOID, True, OURS)
    assert "operation" in event.unsigned
    of_a_sale = told_by(item("CANCEL_OR_REFUND", f"{OURS}:sale", **more))
    assert (of_a_sale.operation, of_a_sale.key) == (Operation.REFUND, OURS)
    assert "operation" not in of_a_sale.unsigned


def test_an_event_that_names_no_original_is_about_the_payment_itself() -> None:
    event = told_by(item("EXPIRE", OURS, originalReference=None, pspReference=PAYMENT))
    assert (event.key, event.about) == (OURS, (PAYMENT,))


@pytest.mark.parametrize("code", ["REFUND", "EXPIRE", "CHARGEBACK"])
def test_what_names_neither_a_key_nor_a_payment_is_counted(code: str) -> None:
    heard = hear(signed(item(code, FOREIGN, originalReference=None)))
    assert (list(heard.events), list(heard.ignored)) == ([], [code])


@pytest.mark.parametrize("code", ["CAPTURE", "REFUND", "CANCELLATION", "CHARGEBACK", "EXPIRE"])
def test_what_was_tried_by_hand_and_failed_changes_nothing_and_is_counted(code: str) -> None:
    heard = hear(signed(item(code, OURS, success="false")))
    assert (list(heard.events), list(heard.ignored)) == ([], [code])


@pytest.mark.parametrize(
    "code",
    [
        "REPORT_AVAILABLE",
        "NOTIFICATION_OF_CHARGEBACK",
        "REQUEST_FOR_INFORMATION",
        "NOTIFICATION_OF_FRAUD",
        "DISPUTE_DEFENSE_PERIOD_ENDED",
        "PREARBITRATION_LOST",
    ],
)
def test_a_step_that_moves_no_money_is_known_and_counted(code: str) -> None:
    assert code in IGNORED
    assert list(hear(signed(item(code, OURS))).ignored) == [code]


@pytest.mark.parametrize("code", sorted(UNASKED))
def test_an_event_of_money_is_never_passed_over(code: str) -> None:
    heard = hear(signed(item(code, OURS)))
    assert [event.raw_type for event in heard.events] == [code]


def test_an_amount_that_is_none_puts_aside_that_item_alone() -> None:
    odd: dict[str, Any] = {"amount": {"currency": "XXL", "value": 1}}
    heard = hear(signed(item("REFUND", FOREIGN, **odd), item("REFUND", OURS)))
    assert [event.key for event in heard.events] == [OURS]
    assert list(heard.unknown) == ["REFUND"]
