"""Paying out by Payout v68, in two steps, each by a user of its own: submit, then confirm.

Adyen takes no new integrations for it: `transfers.py` is what a new account uses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from activities.psp.wire import InDoubt, NeverSent
from workflows.domain.declines import DeclineReason
from workflows.domain.psp import Declined, PayoutInstruction, Pending, Reply

from . import amounts
from .connection import Connection
from .declines import refused
from .faults import not_done
from .keys import shopper_reference, token
from .messages import ConfirmedMessage, SubmittedMessage
from .payments import NOT_DONE

SUBMITTED = "payout-submit-received"
"""Adyen writes it with and without brackets."""


async def pay_out(connection: Connection, instruction: PayoutInstruction) -> Reply:
    """Pending once it is confirmed: PAYOUT_THIRDPARTY tells what became of it.

    Lost after the first step it is in doubt, and asking again under the same keys takes up where
    it was left.
    """
    store, review, email = _credentials(connection)
    answer = await connection.ask_for_payout(
        "/submitThirdParty",
        store,
        trace_id=instruction.trace_id,
        key=instruction.key,
        json=_payout(connection, instruction, email),
    )
    if answer.status != 200:
        return _of_a_destination(not_done(answer, connection.name))
    submitted = answer.read(SubmittedMessage)
    if submitted.result in NOT_DONE:
        return refused(None, submitted.refusal, submitted.additional, None)
    if submitted.result.strip("[]") != SUBMITTED:
        return Pending(submitted.psp_ref)
    return await _confirm(connection, instruction, review, submitted.psp_ref)


def _of_a_destination(declined: Declined) -> Declined:
    """What is stored is the same to Adyen, whether money comes from there or goes there."""
    if declined.reason != DeclineReason.UNKNOWN_TOKEN:
        return declined
    return replace(declined, reason=DeclineReason.UNKNOWN_DESTINATION)


def _credentials(connection: Connection) -> tuple[SecretStr, SecretStr, str]:
    account = connection.account
    store, review, email = (
        account.store_payout_key,
        account.review_payout_key,
        account.payout_email,
    )
    if store is None or review is None or email is None:
        raise NeverSent(f"{connection.name} has no settings for payouts")
    return store, review, email


def _payout(connection: Connection, instruction: PayoutInstruction, email: str) -> dict[str, Any]:
    return {
        "merchantAccount": connection.name,
        "reference": instruction.key,
        "amount": amounts.written(instruction.amount),
        "shopperReference": shopper_reference(instruction.player_id),
        "shopperEmail": email,
        "recurring": {"contract": "PAYOUT"},
        "selectedRecurringDetailReference": token(instruction.destination),
    }


async def _confirm(
    connection: Connection, instruction: PayoutInstruction, review: SecretStr, submitted: str
) -> Reply:
    """Whatever is not a word of Adyen's leaves doubt: a person can confirm it there by hand."""
    try:
        answer = await connection.ask_for_payout(
            "/confirmThirdParty",
            review,
            trace_id=instruction.trace_id,
            key=f"{instruction.key}:confirm",
            json={"merchantAccount": connection.name, "originalReference": submitted},
        )
    except NeverSent as error:
        raise InDoubt(f"submitted, and not confirmed: {error}") from None
    if answer.status != 200:
        raise InDoubt(f"submitted, and not confirmed: HTTP {answer.status}")
    # Whatever the word is, the webhook tells what became of it.
    answer.read(ConfirmedMessage)
    return Pending(submitted)
