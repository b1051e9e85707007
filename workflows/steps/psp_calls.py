"""One question to one PSP, on the queue of that PSP, in one attempt."""

from __future__ import annotations

from typing import Any

from temporalio import exceptions, workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    TimeoutType,
)

from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import (
    COMPLETE,
    Approved,
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Declined,
    Finding,
    Instruction,
    Lookup,
    NotSent,
    Operation,
    Outcome,
    PayoutInstruction,
    Pending,
    RefundInstruction,
    SellInstruction,
    SlowLane,
    Unknown,
    VoidInstruction,
)
from workflows.domain.releases import void_key_of
from workflows.policies import PSP_CALL, QUICK_CALL
from workflows.ports import Psp
from workflows.visibility import step_of

from .lanes import Lanes

Certain = Approved | Declined | NotSent
Answer = Certain | Pending | Unknown
"""To an instruction that nothing excludes."""

NOT_CAPABLE = "NotCapable"
"""The type of the error of a plugin that cannot do what it is asked: nothing was sent."""

NOT_WRITTEN = "NotWrittenDown"
"""The type of the error when our own database does not answer: nothing was sent."""

_QUESTIONS: dict[type[Instruction], tuple[Any, Operation]] = {
    AuthorizeInstruction: (Psp.authorize, Operation.AUTHORIZE),
    SellInstruction: (Psp.sell, Operation.AUTHORIZE),
    CompleteInstruction: (Psp.complete, Operation.AUTHORIZE),
    CaptureInstruction: (Psp.capture, Operation.CAPTURE),
    VoidInstruction: (Psp.void, Operation.VOID),
    RefundInstruction: (Psp.refund, Operation.REFUND),
    PayoutInstruction: (Psp.payout, Operation.PAYOUT),
}


_DOES: dict[type[Instruction], str] = {CompleteInstruction: COMPLETE, SellInstruction: "sell"}


def operation_of(instruction: Instruction) -> Operation:
    """What it is, as plugins and events name it: to sell is to authorize, and so is to complete."""
    return _QUESTIONS[type(instruction)][1]


async def call(instruction: Instruction, lanes: Lanes) -> Outcome:
    """Ask once: in the quick lane where it is open, else on the queue of the PSP. What ends it
    without an answer is Unknown, or NotSent: nothing left."""
    method, operation = _QUESTIONS[type(instruction)]
    account = instruction.account
    does = _DOES.get(type(instruction), str(operation))
    summary = f"{does.capitalize()} {instruction.amount} at {account.psp}/{account.id}"
    outcome: Outcome
    try:
        if lanes.is_quick(account):
            outcome = await _at_once(method, instruction, summary)
            if not isinstance(outcome, SlowLane):
                return outcome
            lanes.close(account)
        outcome = await _execute(method, instruction, account.psp, summary)
    except FailureError as error:
        # Of the quick lane as it is, of the slow one in an envelope.
        return _lost(error.cause if isinstance(error, ActivityError) else error)
    return outcome


async def look_up(instruction: Instruction, psp_ref: str | None, asked_at: str) -> Finding:
    """What the PSP knows of an instruction first asked at `asked_at`, RFC 3339."""
    _, operation = _QUESTIONS[type(instruction)]
    return await look(
        Lookup(
            key=instruction.key,
            operation=operation,
            account=instruction.account,
            psp_ref=psp_ref or None,
            trace_id=instruction.trace_id,
            amount=instruction.amount,
            parent_ref=_acts_on(instruction),
            asked_at=asked_at,
        )
    )


async def look(lookup: Lookup) -> Finding:
    """Look, in one attempt: Unknown when the look itself failed."""
    summary = f"Look what became of {step_of(lookup.key)}"
    try:
        finding: Finding = await _execute(Psp.look_up, lookup, lookup.account.psp, summary)
    except ActivityError as error:
        return Unknown(f"could not look: {error.cause or error}")
    return finding


def agree(instruction: Instruction, approved: Approved) -> bool:
    """A void releases what is left, whatever that is; all else is done in full or not believed."""
    return isinstance(instruction, VoidInstruction) or approved.amount == instruction.amount


def fits(instruction: Instruction, event: PspEvent) -> bool:
    """Whether a webhook tells of the PSP, the account, the operation and the amount we asked."""
    _, operation = _QUESTIONS[type(instruction)]
    if (event.psp, event.operation) != (instruction.account.psp, operation):
        return False
    if event.account not in (None, instruction.account.id):
        return False
    if isinstance(instruction, VoidInstruction):
        return True
    answered = event.reply.amount if isinstance(event.reply, Approved) else event.amount
    return instruction.amount == event.amount == answered


def _acts_on(instruction: Instruction) -> str | None:
    if isinstance(instruction, CaptureInstruction | VoidInstruction | RefundInstruction):
        return instruction.psp_ref
    return None


def void_of(
    authorization: AuthorizeInstruction,
    amount: Money,
    psp_ref: str | None,
    *,
    after_capture: bool = False,
    key: str | None = None,
    sale: bool | None = None,
) -> VoidInstruction:
    """Under the key of its first release, unless another is told. `sale`: that the money was taken;
    None: nobody knows, and what was asked for says it."""
    return VoidInstruction(
        key=key or void_key_of(authorization.key),
        account=authorization.account,
        amount=amount,
        trace_id=authorization.trace_id,
        authorize_key=authorization.key,
        psp_ref=psp_ref or None,
        after_capture=after_capture,
        method=authorization.method,
        sale=isinstance(authorization, SellInstruction) if sale is None else sale,
    )


async def _at_once(method: Any, question: Any, summary: str) -> Any:
    """By the worker that runs us, in the same task: no event waits for another."""
    return await workflow.execute_local_activity_method(
        method, question, summary=summary, **QUICK_CALL
    )


async def _execute(method: Any, question: Any, psp: str, summary: str) -> Any:
    return await workflow.execute_activity_method(
        method, question, task_queue=f"psp-{psp}", summary=summary, **PSP_CALL
    )


def _lost(cause: BaseException | None) -> Outcome:
    match cause:
        case exceptions.TimeoutError(type=TimeoutType.SCHEDULE_TO_START):
            return NotSent("no worker of this PSP took it")
        case ApplicationError(type=kind, message=message) if kind in (NOT_CAPABLE, NOT_WRITTEN):
            return NotSent(message)
        case _:
            return Unknown(f"the call ended without an answer: {cause}")
