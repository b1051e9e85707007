"""The resolution of a case: proposed by one person, approved by another if it is much, executed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from . import visibility
from .domain.cases import (
    OVER,
    Action,
    CaseFile,
    CaseNote,
    CaseOrder,
    PaymentStanding,
    Proposal,
    Review,
    Stage,
    allowed,
    is_remedied,
    subject_of,
    wrong_amount,
)
from .domain.identity import CASE_RESOLUTION
from .domain.payments import Facts, Problem
from .domain.records import Recalled, Record
from .domain.seals import Seal
from .policies import APPROVAL_LASTS, PROPOSAL_COMES_WITHIN
from .starting import start_of
from .steps import stubs
from .steps.case_actions import CaseActions, rebuild
from .steps.door import Door, when_sealed
from .steps.messages import require_is
from .steps.names import require_own_name


@workflow.defn(name=CASE_RESOLUTION)
class CaseResolution:
    """One proposal. A case that it does not resolve stays open, for the next."""

    @workflow.init
    def __init__(self, order: CaseOrder) -> None:
        self.stage = Stage.WAITING
        self._order = order
        self._door = Door(order.case_id)
        self._proposal: Proposal | None = None
        self._review: Review | None = None
        self._why = ""

    @workflow.run
    async def run(self, order: CaseOrder) -> Record:
        """Gives where the proposal ended. Input: which case."""
        try:
            require_own_name(start_of(order).id)
            await self._resolution()
        except FailureError:
            # Of a case that nobody opened, or another's: whoever waits is told, then it ends.
            self._why = "nobody opened this case"
            self._rest(Stage.REFUSED)
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._record()

    async def _resolution(self) -> None:
        proposal = await self._proposed()
        if proposal is None:
            return
        case = await stubs.look(self._order.case_id)
        # As the case has it: a run that was started by hand may name another payment.
        payment = await stubs.recall(case.payment_id) if case.payment_known else None
        self._why = _objection(case, payment, proposal)
        if self._why:
            self._rest(Stage.REFUSED)
            return
        await self._note("proposed", proposal.by, reason=proposal.reason)
        if case.needs_second_person and not await self._approved():
            return
        await self._execute(case, payment, proposal)

    # --- commands -----------------------------------------------------------------------------

    @workflow.update(description="What is to be done about the case, and why")
    async def propose(self, proposal: Proposal, seal: Seal | None = None) -> Record:
        await self._door.require("propose", seal, self._may_propose, proposal)
        self._proposal = proposal
        await workflow.wait_condition(lambda: self._rests)
        if self.stage is Stage.REFUSED:
            raise _illegal(self._why)
        return self._record()

    @propose.validator
    @when_sealed
    def _may_propose(self, proposal: Proposal, seal: Seal | None = None) -> None:
        require_is(proposal, Proposal)
        if self._proposal is not None or self.stage in OVER:
            raise _illegal("another proposal for this case is under way")

    @workflow.update(description="A second person's word on the proposal")
    async def approve(self, review: Review, seal: Seal | None = None) -> Record:
        await self._door.require("approve", seal, self._may_approve, review)
        self._review = review
        await workflow.wait_condition(lambda: self.stage in OVER)
        return self._record()

    @approve.validator
    @when_sealed
    def _may_approve(self, review: Review, seal: Seal | None = None) -> None:
        require_is(review, Review)
        if self.stage is not Stage.AWAITING_APPROVAL or self._review or not self._proposal:
            raise _illegal("no proposal for this case waits for a second person")
        if review.proposal != self._proposal.id:
            raise _illegal("this word is about another proposal for this case")
        if review.by == self._proposal.by:
            raise ApplicationError(
                "who proposed it may not approve it", type="FourEyes", non_retryable=True
            )

    # --- steps --------------------------------------------------------------------------------

    async def _proposed(self) -> Proposal | None:
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: self._proposal is not None,
                timeout=PROPOSAL_COMES_WITHIN,
                timeout_summary="Until it is clear that nobody proposes anything",
            )
        return self._proposal

    async def _approved(self) -> bool:
        self._rest(Stage.AWAITING_APPROVAL)
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: self._review is not None,
                timeout=APPROVAL_LASTS,
                timeout_summary="Until it is too late to decide",
            )
        review = self._review
        if review is None:
            await self._note("lapsed", "")
            self._rest(Stage.LAPSED)
            return False
        what = "approved" if review.approve else "declined"
        await self._note(what, review.by, reason=review.reason)
        if not review.approve:
            self._rest(Stage.DECLINED)
        return review.approve

    async def _execute(self, case: CaseFile, payment: Recalled | None, proposal: Proposal) -> None:
        self._rest(Stage.EXECUTING)
        subject = subject_of(case.facts)
        if payment is not None and proposal.action is Action.REBUILD:
            self._why = await rebuild(payment.payment_id) or ""
        elif payment is not None and subject is not None:
            self._why = await CaseActions(case, payment, subject).execute(proposal) or ""
        by = self._review.by if self._review else ""
        what = "not_done" if self._why else "resolved"
        await self._note(what, proposal.by, approved_by=by, why=self._why, reason=proposal.reason)
        self._rest(Stage.NOT_DONE if self._why else Stage.RESOLVED)

    async def _note(self, what: str, by: str, **facts: str) -> None:
        proposal = self._proposal
        if proposal is None:
            raise AssertionError("there is something to note once it is proposed")
        noted = {"action": str(proposal.action), "id": proposal.id}
        noted |= {name: text for name, text in facts.items() if text}
        if proposal.amount is not None:
            noted["amount"] = str(proposal.amount)
        await stubs.note(
            CaseNote(
                case_id=self._order.case_id,
                key=f"{proposal.id}:{what}",
                what=what,
                by=by,
                facts=noted,
            )
        )

    def _rest(self, stage: Stage) -> None:
        self.stage = stage
        proposal = self._proposal
        details = f"### {stage}\n"
        if proposal is not None:
            details += f"`{proposal.by}` wants: **{proposal.action}** ({proposal.reason})\n"
        workflow.set_current_details(details + self._why)
        workflow.upsert_search_attributes([visibility.PAYMENT_STATUS.value_set(str(stage))])

    @property
    def _rests(self) -> bool:
        return self.stage in OVER or self.stage is Stage.AWAITING_APPROVAL

    def _record(self) -> Record:
        return Record(
            payment_id=self._order.case_id,
            version=1,
            status=self.stage,
            final=self.stage in OVER,
            facts=Facts(problem=Problem(self._why) if self._why else None),
            at=workflow.now().isoformat(),
        )


def standing_of(payment: Recalled, case_id: str) -> PaymentStanding:
    return PaymentStanding(
        status=payment.status,
        final=payment.final,
        captured=payment.facts.captured is not None,
        remedied=is_remedied(payment, case_id),
    )


def _objection(case: CaseFile, payment: Recalled | None, proposal: Proposal) -> str:
    """Why this may not be done, or nothing."""
    if case.state != "open":
        return "the case is resolved"
    if proposal.id in case.over:
        return "this proposal was decided on before; make another"
    may = allowed(case.kind, case.facts, standing_of(payment, case.case_id) if payment else None)
    if proposal.action not in may:
        return f"only {', '.join(may)} can be done about this case as things stand"
    if proposal.amount is None:
        return ""
    return wrong_amount(proposal.action, subject_of(case.facts), proposal.amount) or ""


def _illegal(message: str) -> ApplicationError:
    return ApplicationError(message, type="IllegalState", non_retryable=True)
