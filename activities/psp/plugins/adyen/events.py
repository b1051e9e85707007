"""What each of Adyen's event codes tells: of an instruction of ours, or of what nobody asked for.

`success` says whether what the code names came about: of a CAPTURE_FAILED it is true. Source:
Adyen's description of its webhooks (Webhooks-v1) and docs.adyen.com/development-resources/
webhooks/webhook-types, read on 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workflows.domain.declines import DeclineReason
from workflows.domain.psp import Approved, Declined, Fact, Operation, Pending

from . import amounts
from .authentication import authentication_of
from .declines import failed, refused
from .keys import Reference, key_for
from .messages import ItemMessage

Reading = Callable[[ItemMessage, Reference], Fact | None]


@dataclass(frozen=True)
class Meaning:
    """Of an event about an instruction of ours."""

    operation: Operation
    true: Reading
    false: Reading

    def key(self, code: str, ours: Reference | None) -> str | None:
        """Of the instruction; None for what somebody else did. Every modification of ours carries a
        reference of its own: by that of the payment it was asked for in the Customer Area."""
        if ours is None:
            return None
        if ours.operation is self.operation:
            return ours.key
        # There is no button for it: only we cancel by our own reference.
        return key_for(self.operation, ours.written) if code == "TECHNICAL_CANCEL" else None

    def fact(self, item: ItemMessage, ours: Reference) -> Fact | None:
        """None where nothing came about. Raises MoneyError."""
        return self.true(item, ours) if item.succeeded else self.false(item, ours)


def _nothing(*_: object) -> None:
    return None


def _done(item: ItemMessage, _: Reference) -> Approved:
    return Approved(item.psp_ref, amounts.read(item.amount.value, item.amount.currency))


def _authorised(item: ItemMessage, ours: Reference) -> Approved:
    """A sale by our own mark alone: the reference is signed, method and operations are not."""
    authentication = authentication_of(item.additional, item.method)
    amount = amounts.read(item.amount.value, item.amount.currency)
    return Approved(item.psp_ref, amount, authentication, captured=ours.is_sale)


def _done_to_the_original(item: ItemMessage, _: Reference) -> Approved:
    """By the reference of what was released or confirmed: which hold is released is what we keep of
    a void, and a payout is settled under the reference of its submission."""
    amount = amounts.read(item.amount.value, item.amount.currency)
    return Approved(item.original or item.psp_ref, amount)


def _refused(item: ItemMessage, ours: Reference) -> Fact:
    """Refused on our hosted page the player may try again, until the link expires. Hard: that it
    was refused is signed, and why is not, so that nobody else is asked because of it."""
    return _STILL_OPEN if ours.by_page else _refused_hard(item, ours)


def _closed(item: ItemMessage, ours: Reference) -> Fact:
    return _STILL_OPEN if ours.by_page else failed(DeclineReason.EXPIRED, item.code, None)


_STILL_OPEN = Pending("")
"""That it was by our page says our reference; which page that is, is not signed."""


def _refused_hard(item: ItemMessage, _: Reference) -> Declined:
    """Also what is stored at Adyen is paid by nobody else."""
    return replace(refused(None, item.reason, item.additional, item.method), soft=False)


def _failed(reason: DeclineReason) -> Reading:
    return lambda item, _: failed(reason, item.code, item.reason)


TRANSLATED: dict[str, Meaning] = {
    "AUTHORISATION": Meaning(Operation.AUTHORIZE, _authorised, _refused),
    "OFFER_CLOSED": Meaning(Operation.AUTHORIZE, _closed, _nothing),
    "CAPTURE": Meaning(Operation.CAPTURE, _done, _failed(DeclineReason.CAPTURE_REFUSED)),
    "CAPTURE_FAILED": Meaning(Operation.CAPTURE, _failed(DeclineReason.CAPTURE_REFUSED), _nothing),
    "CANCELLATION": Meaning(
        Operation.VOID, _done_to_the_original, _failed(DeclineReason.NOT_VOIDABLE)
    ),
    "TECHNICAL_CANCEL": Meaning(
        Operation.VOID, _done_to_the_original, _failed(DeclineReason.NOT_VOIDABLE)
    ),
    # Our reversal of a sale: cancelled or refunded, the player has the money.
    "CANCEL_OR_REFUND": Meaning(
        Operation.VOID, _done_to_the_original, _failed(DeclineReason.NOT_VOIDABLE)
    ),
    "REFUND": Meaning(Operation.REFUND, _done, _failed(DeclineReason.NOT_REFUNDABLE)),
    "REFUND_FAILED": Meaning(Operation.REFUND, _failed(DeclineReason.RETURNED), _nothing),
    "REFUNDED_REVERSED": Meaning(Operation.REFUND, _failed(DeclineReason.RETURNED), _nothing),
    "PAYOUT_THIRDPARTY": Meaning(Operation.PAYOUT, _done_to_the_original, _refused_hard),
    "PAYOUT_DECLINE": Meaning(Operation.PAYOUT, _failed(DeclineReason.NOT_PERMITTED), _nothing),
    "PAYOUT_EXPIRE": Meaning(Operation.PAYOUT, _failed(DeclineReason.EXPIRED), _nothing),
    "PAIDOUT_REVERSED": Meaning(Operation.PAYOUT, _failed(DeclineReason.RETURNED), _nothing),
}

UNASKED: dict[str, Operation | None] = {
    "CAPTURE": Operation.CAPTURE,
    "CANCELLATION": Operation.VOID,
    "TECHNICAL_CANCEL": Operation.VOID,
    "EXPIRE": Operation.VOID,
    "CANCEL_OR_REFUND": None,
    "REFUND": Operation.REFUND,
    "CHARGEBACK": Operation.CHARGEBACK,
    "SECOND_CHARGEBACK": Operation.CHARGEBACK,
    # Money that was told as taken, and is gone.
    "CAPTURE_FAILED": Operation.CHARGEBACK,
    "CHARGEBACK_REVERSED": Operation.CHARGEBACK_REVERSED,
    # Money that was told as given back, and is ours again.
    "REFUND_FAILED": Operation.CHARGEBACK_REVERSED,
    "REFUNDED_REVERSED": Operation.CHARGEBACK_REVERSED,
}
"""What was done without us: in the Customer Area, by the payer's bank, or by time. None: by what
was held or taken."""

_TWICE = "SECOND_CHARGEBACK"


def done_unasked(item: ItemMessage, ours: Reference | None) -> Operation | None:
    """What a reversal did by hand is not signed: of a sale it gave back, of all else whoever knows
    the payment knows it (None)."""
    is_sale = ours is not None and ours.is_sale
    return UNASKED[item.code] or (Operation.REFUND if is_sale else None)


def name_of(item: ItemMessage) -> str:
    """All of a dispute has one reference, and its second chargeback takes the money once more."""
    return f"{item.psp_ref}:second" if item.code == _TWICE else item.psp_ref


IGNORED = frozenset(
    {
        "ACH_NOTIFICATION_OF_CHANGE",
        "AUTHENTICATION",
        "AUTHORISATION_ADJUSTMENT",
        "AUTORESCUE",
        "AUTORESCUE_NEXT_ATTEMPT",
        "CANCEL_AUTORESCUE",
        "DIRECT_DEBIT_NOTICE_OF_CHANGE_NOTIFICATION",
        "DISABLE_RECURRING",
        "DISPUTE_DEFENSE_PERIOD_ENDED",
        "DISPUTE_OPENED_WITH_CHARGEBACK",
        "DONATION",
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
        "VOID_PENDING_REFUND",
        "ach.notificationOfChange",
        "eft.notificationOfChange",
    }
)
"""Known, and they move no money of a payment of ours: steps of a dispute, tokens, orders, reports,
reviews. They are counted."""
