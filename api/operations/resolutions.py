"""How a case is resolved: one person proposes, a second one agrees where it is much money."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field

from activities.cases.tables import CaseRow
from activities.registry.claims import Claim
from api.http.amounts import AmountIn
from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, Problem, illegal_state, invalid, unavailable
from api.http.fields import Reason
from api.http.idempotency import Reply, once
from api.http.openapi import writes
from api.http.runs import Command, Refusal, RunClosed
from api.operations.case_views import CaseId, CaseView, actions, require_open, the_case, view
from api.operations.parts import ApproverWrite, OperatorWrite, Write
from workflows.domain.cases import (
    Action,
    CaseOrder,
    Proposal,
    Review,
    Stage,
    subject_of,
    wrong_amount,
)
from workflows.domain.money import Money
from workflows.domain.records import Record

router = APIRouter(prefix="/{case_id}/resolutions", route_class=Endpoint)


class ResolveCase(Body, example={"action": "dismiss", "reason": "the PSP took it back"}):
    action: Action = Field(strict=False)
    amount: AmountIn | None = Field(None, description="of a credit or refund; else all of it")
    reason: Reason


class ReviewCase(Body, example={"decision": "approve", "reason": "seen at the PSP"}):
    decision: Literal["approve", "decline"]
    reason: Reason


@router.post(
    "",
    status_code=201,
    summary="Order what is to be done about a case",
    responses=writes(CaseView, 201, 202),
)
async def propose(ask: OperatorWrite, case_id: CaseId, body: ResolveCase) -> Response:
    row = await the_case(ask, case_id)
    claim = ask.claim(row.brand, row.id, body.model_dump(mode="json") | {"by": ask.caller.person})

    async def act(_: str, __: bool) -> Reply:
        return await _proposed(ask, row, body, claim)

    return await once(ask, claim, act)


@router.post(
    "/approvals",
    status_code=201,
    summary="A second person's word on a proposal",
    responses=writes(CaseView, 201, 202),
)
async def approve(ask: ApproverWrite, case_id: CaseId, body: ReviewCase) -> Response:
    row = await the_case(ask, case_id)
    claim = ask.claim(row.brand, row.id, body.model_dump() | {"by": ask.caller.person})

    async def act(_: str, __: bool) -> Reply:
        return await _reviewed(ask, row, body, claim)

    return await once(ask, claim, act)


async def _proposed(ask: Write, row: CaseRow, body: ResolveCase, claim: Claim) -> Reply:
    if body.action is not Action.DISMISS:
        _require_bound(ask, row, body.amount)
    proposal = Proposal(
        id=Command(row.id, "propose", claim).update_id,
        action=body.action,
        amount=body.amount.money if body.amount else None,
        reason=body.reason,
        by=ask.caller.person,
    )
    again = await _was_noted(ask, row, proposal)
    if again and row.state != "open":
        return Reply(201, view(row))
    if again and row.proposal is None:
        raise illegal_state("this proposal was not carried out", row.state)
    if not again:
        require_open(row)
        await _require_legal(ask, row, body)
    command = Command(row.id, "propose", claim, proposal, ask.caller.person)
    return await _told(ask, row, command, start=not again)


async def _reviewed(ask: Write, row: CaseRow, body: ReviewCase, claim: Claim) -> Reply:
    by = ask.caller.person
    _require_bound(ask, row, None)
    if row.proposal is not None and row.proposal["by"] == by:
        raise _four_eyes()
    review = Review(
        approve=body.decision == "approve",
        by=by,
        reason=body.reason,
        proposal=(row.proposal or {}).get("id", ""),
    )
    command = Command(row.id, "approve", claim, review, by)
    return await _told(ask, row, command, start=False)


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


def _require_bound(ask: Write, row: CaseRow, amount: AmountIn | None) -> None:
    """What the credential may move at once. Raises Problem `forbidden`."""
    if amount is not None:
        ask.caller.require_amount(amount.money)
    elif row.money_at_risk_minor is not None and row.currency is not None:
        ask.caller.require_amount(Money(row.money_at_risk_minor, row.currency))


async def _state(ask: Write, row: CaseRow) -> str:
    return (await the_case(ask, row.id)).state


def _four_eyes() -> Problem:
    return Problem(
        403, "four-eyes", "A second person must decide", "who proposed it may not approve it"
    )
