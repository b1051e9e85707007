"""Paying out by Transfers v4: one call, and it can be asked what became of it.

A card is paid by its stored details, every other method to a transfer instrument, which is how
Adyen keeps a bank account. Source: Adyen's description TransferService v4 and docs.adyen.com/
payouts/payout-service, read on 2026-11-29.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from activities.psp.wire import InDoubt
from workflows.domain.declines import DeclineReason
from workflows.domain.psp import (
    Approved,
    Declined,
    Finding,
    Lookup,
    NotFound,
    PayoutInstruction,
    Pending,
    Reply,
    Unknown,
)

from . import amounts
from .connection import Connection, money_of, same
from .declines import not_mapped, spoken
from .faults import not_done, refusal_of
from .keys import in_path, shopper_reference, token
from .messages import TransferMessage, TransfersMessage

BOOKED = frozenset({"booked", "credited"})
"""The money has left us."""
ENDED = frozenset({"refused", "failed", "cancelled", "expired", "rejected"})
RETURNED = frozenset({"returned"})

REASONS: dict[str, DeclineReason] = {
    "accountHierarchyNotActive": DeclineReason.ACCOUNT_MISCONFIGURED,
    "amountLimitExceeded": DeclineReason.LIMIT_EXCEEDED,
    "approvalExpired": DeclineReason.EXPIRED,
    "cancelled": DeclineReason.VOIDED,
    "cardExpired": DeclineReason.EXPIRED_CARD,
    "counterpartyAccountBlocked": DeclineReason.BLOCKED,
    "counterpartyAccountClosed": DeclineReason.ACCOUNT_CLOSED,
    "counterpartyAccountNotFound": DeclineReason.INVALID_DESTINATION,
    "counterpartyAddressRequired": DeclineReason.INVALID_DESTINATION,
    "counterpartyBankTimedOut": DeclineReason.ISSUER_UNAVAILABLE,
    "counterpartyBankUnavailable": DeclineReason.ISSUER_UNAVAILABLE,
    "declined": DeclineReason.DO_NOT_HONOR,
    "declinedByTransactionRule": DeclineReason.NOT_PERMITTED,
    "doNotHonor": DeclineReason.DO_NOT_HONOR,
    "fraud": DeclineReason.FRAUD,
    "fraudCancelled": DeclineReason.FRAUD,
    "invalidAccount": DeclineReason.INVALID_DESTINATION,
    "invalidAmount": DeclineReason.INVALID_REQUEST,
    "invalidCard": DeclineReason.INVALID_CARD,
    "invalidToAccount": DeclineReason.INVALID_DESTINATION,
    "issuerSuspectedFraud": DeclineReason.FRAUD,
    "lostCard": DeclineReason.LOST_CARD,
    "notEnoughBalance": DeclineReason.INSUFFICIENT_FUNDS,
    "notSupported": DeclineReason.CARD_NOT_SUPPORTED,
    "refusedByCounterpartyBank": DeclineReason.DO_NOT_HONOR,
    "refusedByCustomer": DeclineReason.CANCELLED_BY_PLAYER,
    "restrictedCard": DeclineReason.RESTRICTED_CARD,
    "routeNotFound": DeclineReason.INVALID_DESTINATION,
    "stolenCard": DeclineReason.STOLEN_CARD,
    "transactionNotPermitted": DeclineReason.NOT_PERMITTED,
    "transferInstrumentDoesNotExist": DeclineReason.UNKNOWN_DESTINATION,
    "unableToRouteTransaction": DeclineReason.INVALID_DESTINATION,
    "withdrawalAmountExceeded": DeclineReason.LIMIT_EXCEEDED,
    "withdrawalCountExceeded": DeclineReason.LIMIT_EXCEEDED,
}
"""Adyen's `reason` of a transfer that came to nothing."""

_A_DAY = timedelta(days=1)


async def pay_out(connection: Connection, instruction: PayoutInstruction) -> Reply:
    """Pending, as a rule: webhooks tell what became of it, and it can be looked at."""
    answer = await connection.ask_for_transfer(
        "POST",
        "/transfers",
        trace_id=instruction.trace_id,
        key=instruction.key,
        json=_transfer(connection, instruction),
    )
    if answer.status not in (200, 202):
        return _of_a_destination(not_done(answer, connection.name))
    made = answer.read(TransferMessage)
    same("reference", made.reference, instruction.key)
    same("amount", money_of(made.amount), instruction.amount)
    return reply_of(made)


async def look_up(connection: Connection, lookup: Lookup, *, safe_to_repeat: bool) -> Finding:
    """By Adyen's id, else by our reference among those of the balance account. Unknown where a
    transfer is there that is none of ours. Raises NeverSent or InDoubt."""
    if lookup.psp_ref is not None:
        path = f"/transfers/{in_path(lookup.psp_ref)}"
        answer = await connection.ask_for_transfer("GET", path, trace_id=lookup.trace_id)
        if answer.status != 200:
            refusal_of(answer, connection.name)
            return Unknown("Adyen does not tell of this transfer")
        found = [answer.read(TransferMessage)]
    else:
        found = await _by_reference(connection, lookup)
    mine = [transfer for transfer in found if transfer.reference == lookup.key]
    if len(mine) > 1:
        raise InDoubt("several transfers have this reference")
    if not mine:
        return NotFound(safe_to_repeat) if not found else Unknown("it is another transfer")
    amount = money_of(mine[0].amount)
    if lookup.amount is not None:
        same("currency", amount.currency, lookup.amount.currency)
    return reply_of(mine[0])


async def _by_reference(connection: Connection, lookup: Lookup) -> list[TransferMessage]:
    now = datetime.now(UTC)
    try:
        asked = datetime.fromisoformat(lookup.asked_at)
    except ValueError:
        asked = now
    asked = asked if asked.tzinfo else now
    query = {
        "balanceAccountId": connection.account.balance_account or "",
        "reference": lookup.key,
        "createdSince": _second(asked - _A_DAY),
        "createdUntil": _second(now + _A_DAY),
    }
    path = f"/transfers?{urlencode(query)}"
    answer = await connection.ask_for_transfer("GET", path, trace_id=lookup.trace_id)
    if answer.status != 200:
        refusal_of(answer, connection.name)
        raise InDoubt(f"HTTP {answer.status}: Adyen lists no transfers")
    return answer.read(TransfersMessage).transfers


def reply_of(made: TransferMessage) -> Approved | Declined | Pending:
    """By the status: a word that we do not know is pending."""
    if made.status in BOOKED:
        return Approved(made.psp_ref, money_of(made.amount))
    if made.status in RETURNED or (made.status in ENDED and made.was_booked):
        return Declined(DeclineReason.RETURNED, soft=False, code=spoken(made.reason) or made.status)
    if made.status not in ENDED:
        return Pending(made.psp_ref)
    reason = REASONS.get(made.reason or "")
    if reason is None:
        not_mapped(spoken(made.reason) or made.status)
    # Hard: what is stored at Adyen is paid by nobody else.
    code = spoken(made.reason) or made.status
    return Declined(reason or DeclineReason.UNMAPPED, soft=False, code=code)


def _of_a_destination(declined: Declined) -> Declined:
    """Refused before it was a transfer: soft stays soft, a lack of ours is no fault of the card."""
    if declined.reason != DeclineReason.UNKNOWN_TOKEN:
        return declined
    return Declined(DeclineReason.UNKNOWN_DESTINATION, declined.soft, declined.code)


def _transfer(connection: Connection, instruction: PayoutInstruction) -> dict[str, Any]:
    destination = token(instruction.destination)
    body: dict[str, Any] = {
        "amount": amounts.written(instruction.amount),
        "balanceAccountId": connection.account.balance_account,
        "reference": instruction.key,
    }
    if instruction.method == "card":
        holder = {"type": "individual", "reference": shopper_reference(instruction.player_id)}
        card = {"cardHolder": holder, "cardIdentification": {"storedPaymentMethodId": destination}}
        return body | {"category": "card", "counterparty": {"card": card}}
    return body | {
        "category": "bank",
        "priority": connection.account.transfer_priority,
        "counterparty": {"transferInstrumentId": destination},
    }


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
