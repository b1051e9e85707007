"""The resolution of a case: proposed by one person, approved by another if it is much, executed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from . import books, visibility
from .domain.cases import (
    OVER,
    CaseFile,
    CaseNote,
    CaseOrder,
    Proposal,
    Review,
    Stage,
    Standing,
    allowed,
    remedy_key_of,
    subject_of,
    wrong_amount,
)
from .domain.payments import Facts, Problem, Recalled, Record
from .policies import APPROVAL_LASTS, PROPOSAL_COMES_WITHIN
from .remedies import Remedies


@workflow.defn(name=visibility.CASE_RESOLUTION)
class CaseResolution:
    """One proposal. A case that it does not resolve stays open, for the next."""

    @workflow.init
    def __init__(self, order: CaseOrder) -> None:
        self.stage = Stage.WAITING
        self._order = order
        self._proposal: Proposal | None = None
        self._review: Review | None = None
        self._why = ""

    @workflow.run
    async def run(self, order: CaseOrder) -> Record:
        """Gives where the proposal ended. Input: which case."""
        proposal = await self._proposed()
        if proposal is not None:
            case = await books.look(order.case_id)
            payment = await books.recall(order.payment_id) if case.payment_known else None
            self._why = _objection(case, payment, proposal)
            if self._why:
                self._rest(Stage.REFUSED)
            else:
                await self._play(case, payment, proposal)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._record()

    async def _play(self, case: CaseFile, payment: Recalled | None, proposal: Proposal) -> None:
        await self._note("proposed", proposal.by, reason=proposal.reason)
        if case.needs_second_person and not await self._approved():
            return
        self._rest(Stage.EXECUTING)
        subject = subject_of(case.facts)
        if payment is not None and subject is not None:
            self._why = await Remedies(case, payment, subject).execute(proposal) or ""
        by = self._review.by if self._review else ""
        what = "not_done" if self._why else "resolved"
        await self._note(what, proposal.by, approved_by=by, why=self._why, reason=proposal.reason)
        self._rest(Stage.NOT_DONE if self._why else Stage.RESOLVED)

    # --- commands -----------------------------------------------------------------------------

    @workflow.update(description="What is to be done about the case, and why")
    async def propose(self, proposal: Proposal) -> Record:
        self._proposal = proposal
        await workflow.wait_condition(lambda: self._rests)
        if self.stage is Stage.REFUSED:
            raise _illegal(self._why)
        return self._record()

    @propose.validator
    def _may_propose(self, proposal: Proposal) -> None:
        if self._proposal is not None:
            raise _illegal("another proposal for this case is under way")

    @workflow.update(description="A second person's word on the proposal")
    async def approve(self, review: Review) -> Record:
        self._review = review
        await workflow.wait_condition(lambda: self.stage in OVER)
        return self._record()

    @approve.validator
    def _may_approve(self, review: Review) -> None:
        if self.stage is not Stage.AWAITING_APPROVAL or self._review or not self._proposal:
            raise _illegal("no proposal for this case waits for a second person")
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

    async def _note(self, what: str, by: str, **facts: str) -> None:
        proposal = self._proposal
        if proposal is None:
            raise AssertionError("there is something to note once it is proposed")
        told = {"action": str(proposal.action)} | {n: text for n, text in facts.items() if text}
        if proposal.amount is not None:
            told["amount"] = str(proposal.amount)
        await books.note(
            CaseNote(
                case_id=self._order.case_id,
                key=f"{proposal.id}:{what}",
                what=what,
                by=by,
                facts=told,
            )
        )

    def _rest(self, stage: Stage) -> None:
        self.stage = stage
        proposal = self._proposal
        told = f"### {stage}\n"
        if proposal is not None:
            told += f"`{proposal.by}` wants: **{proposal.action}** ({proposal.reason})\n"
        workflow.set_current_details(told + self._why)
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


def standing_of(payment: Recalled) -> Standing:
    remedy = payment.attempt(remedy_key_of(payment.payment_id))
    return Standing(
        status=payment.status,
        final=payment.final,
        captured=payment.facts.captured is not None,
        remedied=remedy is not None and remedy.outcome in ("credit", "refund"),
    )


def _objection(case: CaseFile, payment: Recalled | None, proposal: Proposal) -> str:
    """Why this may not be done, or nothing."""
    if case.state != "open":
        return "the case is resolved"
    may = allowed(case.kind, case.facts, standing_of(payment) if payment else None)
    if proposal.action not in may:
        return f"only {', '.join(may)} can be done about this case as things stand"
    if proposal.amount is None:
        return ""
    return wrong_amount(proposal.action, subject_of(case.facts), proposal.amount) or ""


def _illegal(message: str) -> ApplicationError:
    return ApplicationError(message, type="IllegalState", non_retryable=True)
