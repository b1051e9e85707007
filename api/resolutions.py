"""How a case is resolved: one person proposes, a second one agrees where it is much money."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from activities.cases.tables import CaseRow
from api.amounts import AmountIn
from api.bodies import Body, json_body
from api.case_views import CaseId, CaseView, actions, require_open, the_case, view
from api.dependencies import ApproverWrite, OperatorWrite, Write
from api.errors import FieldError, Problem, illegal_state, invalid, unavailable
from api.idempotency import Reply, once
from api.openapi import takes, writes
from api.runs import Command, Refusal, RunClosed
from api.words import Reason
from workflows.domain.cases import (
    Action,
    CaseOrder,
    Proposal,
    Review,
    Stage,
    subject_of,
    wrong_amount,
)
from workflows.domain.payments import Record

router = APIRouter(prefix="/{case_id}/resolutions")


class ResolveCase(Body):
    action: Action = Field(strict=False)
    amount: AmountIn | None = Field(None, description="of a credit or refund; else all of it")
    reason: Reason


class ReviewCase(Body):
    decision: Literal["approve", "decline"]
    reason: Reason


@router.post(
    "",
    status_code=201,
    summary="Order what is to be done about a case",
    responses=writes(CaseView, 201, 202),
    openapi_extra=takes(ResolveCase, {"action": "dismiss", "reason": "the PSP took it back"}),
)
async def propose(
    ask: OperatorWrite,
    case_id: CaseId,
    body: Annotated[ResolveCase, Depends(json_body(ResolveCase))],
) -> Response:
    row = await the_case(ask, case_id)
    claim = ask.claim(row.brand, row.id, body.model_dump(mode="json") | {"by": ask.caller.name})

    async def act(_: str, __: bool) -> Reply:
        command = Command(row.id, "propose", claim)
        proposal = Proposal(
            id=command.update_id,
            action=body.action,
            amount=body.amount.money if body.amount else None,
            reason=body.reason,
            by=ask.caller.name,
        )
        again = await _was_noted(ask, row, proposal)
        if again and row.state != "open":
            return Reply(201, view(row))
        if again and row.proposal is None:
            raise illegal_state("this proposal was not carried out", row.state)
        if not again:
            require_open(row)
            await _require_legal(ask, row, body)
        asked = Command(row.id, "propose", claim, proposal)
        return await _told(ask, row, asked, start=not again)

    return await once(ask, claim, act)


@router.post(
    "/approvals",
    status_code=201,
    summary="A second person's word on a proposal",
    responses=writes(CaseView, 201, 202),
    openapi_extra=takes(ReviewCase, {"decision": "approve", "reason": "seen at the PSP"}),
)
async def approve(
    ask: ApproverWrite, case_id: CaseId, body: Annotated[ReviewCase, Depends(json_body(ReviewCase))]
) -> Response:
    row = await the_case(ask, case_id)
    by = ask.caller.name
    claim = ask.claim(row.brand, row.id, body.model_dump() | {"by": by})

    async def act(_: str, __: bool) -> Reply:
        if row.proposal is not None and row.proposal["by"] == by:
            raise _four_eyes()
        review = Review(approve=body.decision == "approve", by=by, reason=body.reason)
        return await _told(ask, row, Command(row.id, "approve", claim, review), start=False)

    return await once(ask, claim, act)


async def _told(ask: Write, row: CaseRow, command: Command, *, start: bool) -> Reply:
    """What the run says, or 202 while a second person or a PSP is awaited."""
    try:
        record = await _heard(ask, row, command, start=start)
    except Refusal as refusal:
        raise illegal_state(refusal.message, await _state(ask, row)) from None
    except RunClosed:
        if start:
            raise unavailable("the run of the case") from None
        raise illegal_state(
            "no proposal for this case waits for a second person", await _state(ask, row)
        ) from None
    now = view(await the_case(ask, row.id))
    if record is None:
        return Reply(202, now, stored=False)
    if record.status == Stage.NOT_DONE:
        why = record.facts.problem.reason if record.facts.problem else "it could not be done"
        raise illegal_state(why, now.state)
    return Reply(201 if record.final else 202, now)


async def _heard(ask: Write, row: CaseRow, command: Command, *, start: bool) -> Record | None:
    """A run that ends at this very moment is followed by another, once."""
    order = CaseOrder(
        case_id=row.id, payment_id=row.payment_id, brand=row.brand, trace_id=ask.trace_id
    )
    if start:
        await ask.parts.runs.start(order)
    try:
        return await ask.parts.runs.tell(command)
    except RunClosed:
        if not start:
            raise
    await ask.parts.runs.start(order)
    return await ask.parts.runs.tell(command)


async def _was_noted(ask: Write, row: CaseRow, proposal: Proposal) -> bool:
    """Whether this very request was taken in before, and only its answer got lost."""
    history = await ask.parts.cases.history(row.id)
    return any(event.key == f"{proposal.id}:proposed" for event in history)


async def _require_legal(ask: Write, row: CaseRow, body: ResolveCase) -> None:
    """Raises Problem `invalid-request`, naming what is allowed."""
    may = await actions(ask, row)
    if body.action not in may:
        rule = f"for this case, as things stand, one of: {', '.join(may)}"
        raise invalid(FieldError("/action", rule))
    if body.amount is None:
        return
    wrong = wrong_amount(body.action, subject_of(row.facts), body.amount.money)
    if wrong is not None:
        raise invalid(FieldError("/amount", wrong))


async def _state(ask: Write, row: CaseRow) -> str:
    return (await the_case(ask, row.id)).state


def _four_eyes() -> Problem:
    return Problem(
        403, "four-eyes", "A second person must decide", "who proposed it may not approve it"
    )
