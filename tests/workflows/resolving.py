"""What people do about a case: propose, and agree or not."""

from __future__ import annotations

import uuid
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows.fake_books import case_id_of
from tests.workflows.world import World
from workflows.domain.cases import Action, CaseOrder, Proposal, Review
from workflows.domain.escalations import NewCase
from workflows.domain.money import Money
from workflows.domain.records import Record

Run = WorkflowHandle[Any, Any]


def order_of(case: NewCase) -> CaseOrder:
    return CaseOrder(
        case_id=case_id_of(case.key),
        payment_id=case.payment_id,
        brand="acme",
        trace_id="trace-1",
    )


async def propose(
    world: World,
    case: NewCase,
    action: Action,
    *,
    amount: Money | None = None,
    by: str = "operator-1",
    under: str = "",
) -> tuple[Run, Record]:
    """The run of the proposal, and what it says."""
    run = await world.start(order_of(case))
    under = under or f"propose-{uuid.uuid4().hex}"
    proposal = Proposal(id=under, action=action, amount=amount, reason="seen at the PSP", by=by)
    record: Record = await run.execute_update("propose", proposal, id=under, result_type=Record)
    return run, record


async def review(
    run: Run, proposal: str, *, by: str = "approver-1", approve: bool = True
) -> Record:
    """`proposal`: what the run has called it."""
    word = Review(approve=approve, by=by, reason="seen too", proposal=proposal)
    record: Record = await run.execute_update("approve", word, result_type=Record)
    return record
