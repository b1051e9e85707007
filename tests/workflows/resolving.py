"""What people do about a case: propose, and agree or not."""

from __future__ import annotations

import uuid
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows.fake_books import case_id_of
from tests.workflows.world import World
from workflows.domain.cases import Action, CaseOrder, Proposal, Review
from workflows.domain.money import Money
from workflows.domain.payments import Case, Record

Run = WorkflowHandle[Any, Record]


def order_of(case: Case) -> CaseOrder:
    return CaseOrder(
        case_id=case_id_of(case.key),
        payment_id=case.payment_id,
        brand="acme",
        trace_id="trace-1",
    )


async def propose(
    world: World,
    case: Case,
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
    said: Record = await run.execute_update("propose", proposal, id=under, result_type=Record)
    return run, said


async def review(run: Run, *, by: str = "approver-1", approve: bool = True) -> Record:
    word = Review(approve=approve, by=by, reason="seen too")
    said: Record = await run.execute_update("approve", word, result_type=Record)
    return said
