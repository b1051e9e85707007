"""What we cannot settle ourselves becomes a case: something a person decides."""

from __future__ import annotations

from . import books
from .domain.payments import Case, CaseKind
from .domain.psp import Approved, Instruction, PspEvent, VoidInstruction


async def in_doubt(instruction: Instruction) -> None:
    """A lost answer could not be found for long. We keep looking all the same."""
    await books.open_case(
        Case(
            key=f"{instruction.key}:{CaseKind.IN_DOUBT}",
            payment_id=instruction.payment_id,
            kind=CaseKind.IN_DOUBT,
            summary=f"No certain answer to {instruction.key}; we keep looking",
            money_at_risk=instruction.amount,
            facts={"psp": instruction.account.psp, "account": instruction.account.id},
        )
    )


async def contradicted(instruction: Instruction, reply: Approved) -> None:
    """The PSP's own answer names another amount than we asked for."""
    await books.open_case(
        Case(
            key=f"{instruction.key}:{CaseKind.CONTRADICTION}",
            payment_id=instruction.payment_id,
            kind=CaseKind.CONTRADICTION,
            summary=f"{instruction.key}: asked for {instruction.amount}, PSP says {reply.amount}",
            money_at_risk=reply.amount,
            facts={"psp_ref": reply.psp_ref, "asked": str(instruction.amount)},
        )
    )


async def unreleased(void: VoidInstruction, reason: str) -> None:
    """The PSP would not release a hold that we no longer want."""
    await books.open_case(
        Case(
            key=f"{void.key}:{CaseKind.UNRELEASED}",
            payment_id=void.payment_id,
            kind=CaseKind.UNRELEASED,
            summary=f"The hold of {void.authorize_key} could not be voided: {reason}",
            money_at_risk=void.amount,
            facts={"psp": void.account.psp, "account": void.account.id},
        )
    )


async def contradictory(event: PspEvent, asked: Instruction) -> None:
    """A webhook disagrees with what we asked: it changes nothing."""
    await _about(event, CaseKind.CONTRADICTION, f"we asked {asked.account.psp} for {asked.amount}")


async def unexpected(event: PspEvent) -> None:
    """A webhook tells what we do not know of."""
    await _about(event, CaseKind.UNEXPECTED_EVENT, "it does not fit what we know")


async def _about(event: PspEvent, kind: CaseKind, why: str) -> None:
    await books.open_case(
        Case(
            key=f"{event.psp}:{event.event_id}",
            payment_id=event.payment_id,
            kind=kind,
            summary=f"{event.psp} reports {event.operation} {event.reply.kind} "
            f"of {event.amount} for {event.key}: {why}",
            money_at_risk=event.amount,
            facts={"event_id": event.event_id, "type": event.raw_type},
        )
    )
