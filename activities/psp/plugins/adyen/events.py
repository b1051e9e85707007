"""What each of Adyen's event codes tells of an instruction of ours.

`success` says whether what the code names came about: of a CAPTURE_FAILED it is true. Source:
Adyen's description of its webhooks (Webhooks-v1) and docs.adyen.com/development-resources/
webhooks/webhook-types, read on 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workflows.domain.declines import Reason
from workflows.domain.psp import Approved, Declined, Fact, Operation, Pending

from . import amounts
from .authentication import authentication_of
from .declines import failed, refused
from .keys import LINK
from .messages import ItemMessage

Reading = Callable[[ItemMessage], Fact | None]


@dataclass(frozen=True)
class Meaning:
    operation: Operation
    true: Reading
    false: Reading

    def fact(self, item: ItemMessage) -> Fact | None:
        """None where nothing came about. Raises MoneyError."""
        return self.true(item) if item.succeeded else self.false(item)


def _nothing(_: ItemMessage) -> None:
    return None


def _done(item: ItemMessage) -> Approved:
    return Approved(item.psp_ref, amounts.read(item.amount.value, item.amount.currency))


def _authorised(item: ItemMessage) -> Approved:
    authentication = authentication_of(item.additional, item.method)
    amount = amounts.read(item.amount.value, item.amount.currency)
    return Approved(item.psp_ref, amount, authentication)


def _done_to_the_original(item: ItemMessage) -> Approved:
    """By the reference of what was captured, cancelled or confirmed: the payment is what Adyen
    refunds and disputes, and a payout, too, is settled under the reference of its submission."""
    amount = amounts.read(item.amount.value, item.amount.currency)
    return Approved(item.original or item.psp_ref, amount)


def _refused(item: ItemMessage) -> Fact:
    """Refused on our hosted page the player may try again, until the link expires."""
    return _by_link(item) or refused(None, item.reason, item.additional, item.method)


def _closed(item: ItemMessage) -> Fact:
    return _by_link(item) or failed(Reason.EXPIRED, item.code, None)


def _by_link(item: ItemMessage) -> Pending | None:
    link = item.additional.get("paymentLinkId")
    return Pending(LINK + link) if isinstance(link, str) and link else None


def _paid_out_not(item: ItemMessage) -> Declined:
    """Hard: what is stored at Adyen is paid by nobody else."""
    return replace(refused(None, item.reason, item.additional, item.method), soft=False)


def _failed(reason: Reason) -> Reading:
    return lambda item: failed(reason, item.code, item.reason)


def _cancelled(item: ItemMessage) -> Approved | None:
    """Of a reversal, which we do not ask for: by hand in the Customer Area."""
    return _done(item) if item.additional.get("modification.action") == "cancel" else None


TRANSLATED: dict[str, Meaning] = {
    "AUTHORISATION": Meaning(Operation.AUTHORIZE, _authorised, _refused),
    "OFFER_CLOSED": Meaning(Operation.AUTHORIZE, _closed, _nothing),
    "CAPTURE": Meaning(Operation.CAPTURE, _done_to_the_original, _failed(Reason.CAPTURE_REFUSED)),
    "CAPTURE_FAILED": Meaning(Operation.CAPTURE, _failed(Reason.CAPTURE_REFUSED), _nothing),
    "CANCELLATION": Meaning(Operation.VOID, _done_to_the_original, _failed(Reason.NOT_VOIDABLE)),
    "TECHNICAL_CANCEL": Meaning(
        Operation.VOID, _done_to_the_original, _failed(Reason.NOT_VOIDABLE)
    ),
    "CANCEL_OR_REFUND": Meaning(Operation.VOID, _cancelled, _failed(Reason.NOT_VOIDABLE)),
    "REFUND": Meaning(Operation.REFUND, _done, _failed(Reason.NOT_REFUNDABLE)),
    "REFUND_FAILED": Meaning(Operation.REFUND, _failed(Reason.RETURNED), _nothing),
    "REFUNDED_REVERSED": Meaning(Operation.REFUND, _failed(Reason.RETURNED), _nothing),
    "PAYOUT_THIRDPARTY": Meaning(Operation.PAYOUT, _done_to_the_original, _paid_out_not),
    "PAYOUT_DECLINE": Meaning(Operation.PAYOUT, _failed(Reason.NOT_PERMITTED), _nothing),
    "PAYOUT_EXPIRE": Meaning(Operation.PAYOUT, _failed(Reason.EXPIRED), _nothing),
    "PAIDOUT_REVERSED": Meaning(Operation.PAYOUT, _failed(Reason.RETURNED), _nothing),
}

IGNORED = frozenset(
    {
        "ACH_NOTIFICATION_OF_CHANGE",
        "AUTHENTICATION",
        "AUTHORISATION_ADJUSTMENT",
        "AUTORESCUE",
        "AUTORESCUE_NEXT_ATTEMPT",
        "CANCEL_AUTORESCUE",
        "CHARGEBACK",
        "CHARGEBACK_REVERSED",
        "DIRECT_DEBIT_NOTICE_OF_CHANGE_NOTIFICATION",
        "DISABLE_RECURRING",
        "DISPUTE_DEFENSE_PERIOD_ENDED",
        "DISPUTE_OPENED_WITH_CHARGEBACK",
        "DONATION",
        "EXPIRE",
        "FRAUD_ONLY",
        "HANDLED_EXTERNALLY",
        "INFORMATION_SUPPLIED",
        "ISSUER_COMMENTS",
        "ISSUER_RESPONSE_TIMEFRAME_EXPIRED",
        "MANUAL_REVIEW_ACCEPT",
        "MANUAL_REVIEW_REJECT",
        "NOTIFICATION_OF_CHARGEBACK",
        "NOTIFICATION_OF_FRAUD",
        "ORDER_CLOSED",
        "ORDER_OPENED",
        "PENDING",
        "POSTPONED_REFUND",
        "PREARBITRATION_ACCEPTED",
        "PREARBITRATION_DECLINED",
        "PREARBITRATION_ISSUER_WITHDRAWN",
        "PREARBITRATION_LOST",
        "PREARBITRATION_OPEN",
        "PREARBITRATION_WON",
        "PROCESS_RETRY",
        "RECURRING_CONTRACT",
        "REFUND_WITH_DATA",
        "REPORT_AVAILABLE",
        "REQUEST_FOR_INFORMATION",
        "SCHEME_ARBITRATION",
        "SCHEME_ARBITRATION_LOST",
        "SCHEME_ARBITRATION_WON",
        "SECOND_CHARGEBACK",
        "VOID_PENDING_REFUND",
        "ach.notificationOfChange",
        "eft.notificationOfChange",
    }
)
"""Known, and no result of an instruction: disputes, tokens, orders, reports, reviews."""
