"""What a person may order for a case, executed: by the wallet, at the PSP, or by the payment's run.

Each gives why it could not be done, or None when it certainly is.
"""

from __future__ import annotations

from dataclasses import replace

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

from workflows.domain import payouts, refunds
from workflows.domain.cases import (
    OPEN_AGAIN,
    Action,
    CaseFile,
    Proposal,
    Subject,
    excludes,
    hold_of,
    is_remedied,
    remedy_key_of,
)
from workflows.domain.deposits import Status, credit_key_of
from workflows.domain.events import PspEvent
from workflows.domain.identity import (
    Kind,
    capture_id_of,
    is_of_a_sale,
    key_of,
    next_key,
    workflow_id,
)
from workflows.domain.money import Money
from workflows.domain.payments import Attempt
from workflows.domain.psp import (
    Approved,
    Declined,
    MerchantAccount,
    Operation,
    RefundInstruction,
    VoidInstruction,
)
from workflows.domain.records import Overtaken, Recalled, Superseded
from workflows.domain.releases import by_case, void_key_of
from workflows.domain.reopened import reopened
from workflows.domain.seals import FACT, Seal, Vouched, canonical
from workflows.domain.wallet import ClawBack, Credit
from workflows.policies import TASK_TIMEOUT
from workflows.starting import start_of

from . import stubs
from .cascade import problem_of
from .late_facts import amend, give_back, remember
from .psp_operations import PspOperations

_DONE = {Kind.PAYOUT: payouts.Status.SETTLED, Kind.REFUND: refunds.Status.PROCESSED}


class CaseActions:
    def __init__(self, case: CaseFile, payment: Recalled, subject: Subject) -> None:
        self._case, self._payment, self._subject = case, payment, subject
        self._psp = PspOperations(payment.payment_id, tell_of_doubt=_nobody_waits)

    async def execute(self, proposal: Proposal) -> str | None:
        """Do what was proposed: None, or why it could not be done."""
        try:
            return await self._execute(proposal)
        except Overtaken as overtaken:
            return f"{overtaken.rival.key} was asked before, and excludes it"
        except Superseded:
            return "its money was taken and credited: it can be refunded"

    async def _execute(self, proposal: Proposal) -> str | None:
        amount = proposal.amount or self._subject.amount
        match proposal.action:
            case Action.CREDIT if self._payment.kind is Kind.DEPOSIT:
                return await self._credit(amount)
            case Action.CREDIT:
                return await self._give_back()
            case Action.REFUND:
                return await self._refund(amount)
            case Action.VOID:
                return await self._void()
            case Action.MARK_APPROVED | Action.MARK_DECLINED:
                return await self._mark(proposal)
            case Action.CLAW_BACK:
                return await self._claw_back()
            case Action.REBUILD | Action.DISMISS:
                return None

    async def _credit(self, amount: Money) -> str | None:
        payment_id, account = self._payment.payment_id, self._account
        if not await self._claims("credit"):
            return "another case has decided on this money"
        command = Credit(
            key=credit_key_of(payment_id),
            player=self._payment.player,
            amount=amount,
            source=account,
            payment_id=payment_id,
        )

        def captured(known: Recalled) -> Recalled | None:
            if known.facts.captured is not None:
                return None
            facts = replace(
                known.facts,
                account=account,
                captured=amount,
                capture_id=capture_id_of(payment_id),
                capture_ref=self._subject.psp_ref,
                problem=None,
            )
            return replace(known, status=Status.CAPTURED, facts=facts)

        await amend(payment_id, captured, command)
        return None

    async def _give_back(self) -> str | None:
        attempt = self._payment.attempt(self._subject.key)
        at = workflow.now().isoformat()
        account = attempt.account if attempt else self._account
        await give_back(self._payment, account, None, at, f"case:{self._case.case_id}")
        return None

    async def _claw_back(self) -> str | None:
        """It was paid after all: the entry that makes the books agree with the PSP again."""
        payment, account = self._payment, self._account
        done = _DONE[payment.kind]
        times = len(payment.facts.returns)
        command = ClawBack(
            key=key_of(payment.payment_id, "claw-back", times + 1 if times else None),
            player=payment.player,
            amount=payment.amount,
            source=account,
            payment_id=payment.payment_id,
        )

        def settled(known: Recalled) -> Recalled | None:
            if known.status == done:
                return None
            facts = replace(
                known.facts, account=account, psp_ref=self._subject.psp_ref, problem=None
            )
            return replace(known, status=done, facts=facts)

        await amend(payment.payment_id, settled, command)
        return None

    async def _refund(self, amount: Money) -> str | None:
        if not await self._claims("refund"):
            return "another case has decided on this money"
        outcome = await self._psp.settle(
            RefundInstruction(
                key=self._refund_key(),
                account=self._account,
                amount=amount,
                trace_id=self._payment.trace_id,
                psp_ref=self._subject.psp_ref or self._subject.key,
                authorization_ref=self._payment.facts.psp_ref,
            )
        )
        await remember(self._payment.payment_id, self._psp)
        if isinstance(outcome, Approved):
            return None
        await self._claims(OPEN_AGAIN)
        return f"the PSP did not refund it: {problem_of(outcome).reason}"

    async def _void(self) -> str | None:
        hold = hold_of(self._subject)
        if hold is None:
            return "there is no hold to release"
        outcome = await self._psp.settle(
            VoidInstruction(
                key=self._void_key(hold),
                account=self._account,
                amount=self._subject.amount,
                trace_id=self._payment.trace_id,
                authorize_key=hold,
                psp_ref=self._subject.psp_ref,
                sale=self._subject.sale or is_of_a_sale(hold),
            )
        )
        await remember(self._payment.payment_id, self._psp)
        if isinstance(outcome, Approved):
            return None
        return f"the PSP did not release it: {problem_of(outcome).reason}"

    def _refund_key(self) -> str:
        """What the PSP declined is ordered under a key of its own."""
        key = by_case(key_of(self._payment.payment_id, Operation.REFUND))
        declined = {each.key for each in self._payment.asked if each.state == "declined"}
        while key in declined:
            key = next_key(key)
        return key

    def _void_key(self, hold: str) -> str:
        """Each void that was not done is ordered under a key of its own."""
        subject = self._subject
        of_a_void = subject.operation is Operation.VOID
        return by_case(subject.key if of_a_void else void_key_of(hold))

    async def _mark(self, proposal: Proposal) -> str | None:
        """A person's fact, told to the payment's own run like a PSP's."""
        subject, yes = self._subject, proposal.action is Action.MARK_APPROVED
        event = PspEvent(
            psp=self._account.psp,
            event_id=f"case:{self._case.case_id}",
            key=subject.key,
            operation=subject.operation,
            reply=Approved(
                subject.psp_ref or subject.key, subject.amount, captured=is_of_a_sale(subject.key)
            )
            if yes
            else Declined("told_by_a_person", soft=False, code="person"),
            amount=subject.amount,
            occurred_at=workflow.now().isoformat(),
            raw_type="person",
            account=self._account.id,
        )
        payment = self._payment
        run = workflow.get_external_workflow_handle(workflow_id(payment.kind, payment.payment_id))
        try:
            await run.signal(FACT, args=[event, await self._sealed(event, proposal)])
        except FailureError:
            return "the payment's run is over: look at the payment, and propose again"
        return None

    async def _sealed(self, event: PspEvent, proposal: Proposal) -> Seal:
        return await stubs.vouch(
            Vouched(
                payment_id=self._payment.payment_id,
                case_id=self._case.case_id,
                by=proposal.by,
                content=canonical(event),
            )
        )

    async def _claims(self, remedy: str) -> bool:
        """Whether this case has the payment's one remedy. What the PSP declined is free again."""
        key, case_id = remedy_key_of(self._payment.payment_id), self._case.case_id
        mine = Attempt(key, self._account, remedy, reason=case_id)

        def claimed(known: Recalled) -> Recalled | None:
            there = known.attempt(key)
            # What a case claimed and a power cut took from it is free again, unless it was done.
            free = not is_remedied(known, case_id) and not excludes(known, remedy)
            freeing = remedy == OPEN_AGAIN and there is not None and there.reason == case_id
            if there == mine or not (free or freeing):
                return None
            attempts = tuple(a for a in known.facts.attempts if a.key != key)
            return replace(known, facts=replace(known.facts, attempts=(*attempts, mine)))

        await amend(self._payment.payment_id, claimed)
        return (await stubs.recall(self._payment.payment_id)).attempt(key) == mine

    @property
    def _account(self) -> MerchantAccount:
        if self._subject.account is None:
            raise AssertionError("what moves money names its merchant account")
        return self._subject.account


async def rebuild(payment_id: str) -> str | None:
    """A run of its own, of the payment's name, that outlives the one of the case."""
    start = start_of(reopened(await stubs.reopen(payment_id)))
    try:
        await workflow.start_child_workflow(
            start.workflow,
            start.order,
            id=start.id,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            task_timeout=TASK_TIMEOUT,
            search_attributes=start.search_attributes,
            memo=start.memo,
            static_summary=start.summary,
            static_details=start.details,
        )
    except WorkflowAlreadyStartedError:
        return "the payment has a run: look at that"
    return None


async def _nobody_waits() -> None:
    """The case stays as it is: it is looked up for as long as it takes."""
