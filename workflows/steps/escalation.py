"""What we cannot settle ourselves becomes a case: something a person decides."""

from __future__ import annotations

from workflows.domain.cases import SOLD
from workflows.domain.escalations import CaseKind, NewCase
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    Declined,
    Finding,
    Instruction,
    MerchantAccount,
    Operation,
    VoidInstruction,
)
from workflows.domain.records import Recalled

from . import stubs
from .psp_calls import operation_of


async def in_doubt(instruction: Instruction) -> None:
    """A lost answer could not be found for long. We keep looking all the same."""
    await stubs.open_case(
        NewCase(
            key=f"{instruction.key}:{CaseKind.IN_DOUBT}",
            payment_id=instruction.payment_id,
            kind=CaseKind.IN_DOUBT,
            summary=f"No certain answer to {instruction.key}; we keep looking",
            money_at_risk=instruction.amount,
            facts=_asked(instruction),
        )
    )


async def contradicted(instruction: Instruction, reply: Approved) -> None:
    """The PSP's own answer names another amount than we asked for."""
    await stubs.open_case(
        NewCase(
            key=f"{instruction.key}:{CaseKind.CONTRADICTION}",
            payment_id=instruction.payment_id,
            kind=CaseKind.CONTRADICTION,
            summary=f"{instruction.key}: asked for {instruction.amount}, PSP says {reply.amount}",
            money_at_risk=reply.amount,
            facts=_asked(instruction)
            | {"psp_ref": reply.psp_ref, "asked": str(instruction.amount)},
        )
    )


async def unreleased(void: VoidInstruction, reason: str) -> None:
    """The PSP would not release a hold, or give a sale back, that we no longer want."""
    hold = f"The hold of {void.authorize_key} could not be voided"
    sale = f"What {void.authorize_key} took could not be given back"
    await stubs.open_case(
        NewCase(
            key=f"{void.key}:{CaseKind.UNRELEASED}",
            payment_id=void.payment_id,
            kind=CaseKind.UNRELEASED,
            summary=f"{sale if void.sale else hold}: {reason}",
            money_at_risk=void.amount,
            facts=_asked(void)
            | {"authorize_key": void.authorize_key}
            | ({"psp_ref": void.psp_ref} if void.psp_ref else {})
            | ({"sale": SOLD} if void.sale else {}),
        )
    )


async def contradictory(event: PspEvent, asked: Instruction) -> None:
    """A webhook disagrees with what we asked: it changes nothing."""
    why = f"we asked {asked.account.psp} for {asked.amount}"
    await _about(event, CaseKind.CONTRADICTION, why, _asked(asked))


async def unexpected(event: PspEvent, asked: Instruction | None) -> None:
    """A webhook tells what we do not know of, or know otherwise."""
    known = {"account": asked.account.id} if asked is not None else {}
    await _about(event, CaseKind.UNEXPECTED_EVENT, "it does not fit what we know", known)


async def unconfirmed(event: PspEvent, asked: Instruction, finding: Finding) -> None:
    """What a webhook tells, its PSP does not sign; and the PSP, asked, does not say so."""
    why = f"it is not signed, and the PSP does not confirm it ({finding.kind})"
    await _about(event, CaseKind.UNEXPECTED_EVENT, why, {"account": asked.account.id})


async def double(
    event: PspEvent, account: MerchantAccount | None, known_ref: str, payment_id: str
) -> None:
    """Under one key of ours the PSP did a second thing of the kind: it may have been done twice."""
    known = {"our_psp_ref": known_ref} | ({"account": account.id} if account else {})
    await _about(event, CaseKind.DOUBLE, f"we know it as {known_ref}", known, payment_id)


async def money_gone(
    event: PspEvent, payment: Recalled, account: MerchantAccount | None, why: str
) -> None:
    """Captured money left the PSP without us: until the case is resolved the player is not paid."""
    known = {"account": account.id} if account is not None else {}
    summary = f"nobody here asked for it; {why}; the player's payouts wait"
    await _about(event, CaseKind.MONEY_GONE, summary, known, payment.payment_id)


async def late(
    event: PspEvent, payment: Recalled, account: MerchantAccount | None, why: str
) -> None:
    """A fact contradicts a payment that is over: both sides are told, and nothing moves."""
    known = {"our_status": payment.status, "our_amount": str(payment.amount)}
    if payment.facts.captured is not None:
        known["our_captured"] = str(payment.facts.captured)
    attempt = payment.attempt(event.key)
    if attempt is not None:
        known["our_outcome"] = attempt.outcome
    if account is not None:
        known["account"] = account.id
    await _about(event, CaseKind.CONTRADICTION, why, known, payment.payment_id)


async def _about(
    event: PspEvent, kind: CaseKind, why: str, more: dict[str, str], payment_id: str = ""
) -> None:
    facts = {"event_id": event.event_id, "type": event.raw_type, "reply": event.reply.kind}
    if isinstance(event.reply, Approved):
        facts |= {"psp_ref": event.reply.psp_ref}
    if isinstance(event.reply, Declined):
        facts |= {"reason": event.reply.reason, "code": event.reply.code}
    if event.account is not None:
        facts |= {"account": event.account}
    reply = event.reply
    # What a sale has taken is captured money to whoever decides about it.
    sale = isinstance(reply, Approved) and reply.captured
    operation = Operation.CAPTURE if sale else event.operation
    facts |= {"psp": event.psp, "key": event.key, "operation": operation}
    await stubs.open_case(
        NewCase(
            key=f"{event.psp}:{event.event_id}",
            payment_id=payment_id or event.payment_id,
            kind=kind,
            summary=f"{event.psp} reports {event.operation} {event.reply.kind} "
            f"of {event.amount} for {event.key or payment_id}: {why}",
            money_at_risk=event.amount,
            facts=facts | _amount(event.amount) | more,
        )
    )


def _asked(instruction: Instruction) -> dict[str, str]:
    """What a person's word on an instruction needs, whenever it is given."""
    return {
        "key": instruction.key,
        "operation": operation_of(instruction),
        "psp": instruction.account.psp,
        "account": instruction.account.id,
    } | _amount(instruction.amount)


def _amount(money: Money) -> dict[str, str]:
    return {"amount": money.amount, "currency": money.currency}
