"""What a person may order for a case, executed: by the wallet, at the PSP, or by the payment's run.

Each gives why it could not be done, or None when it certainly is.
"""

from __future__ import annotations

from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import FailureError

from . import books
from .aftermath import amend, give_back, remember
from .cascade import problem_of
from .conversation import Conversation
from .domain.cases import Action, CaseFile, Proposal, Subject, hold_of, remedy_key_of
from .domain.deposits import Status, capture_id_of, credit_key_of
from .domain.late_events import by_case, void_key_of
from .domain.money import Money
from .domain.payments import Attempt, Kind, Recalled
from .domain.psp import (
    Approved,
    Declined,
    MerchantAccount,
    Operation,
    PspEvent,
    RefundInstruction,
    VoidInstruction,
    key_of,
)
from .domain.wallet import Credit, Refused
from .visibility import workflow_id

_OPEN_AGAIN = "refund declined"


class Remedies:
    def __init__(self, case: CaseFile, payment: Recalled, subject: Subject) -> None:
        self._case, self._payment, self._subject = case, payment, subject
        self._psp = Conversation(tell_of_doubt=_nobody_waits)

    async def execute(self, proposal: Proposal) -> str | None:
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
            case Action.DISMISS:
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
        posted = await books.credit(command)
        if isinstance(posted, Refused):
            return f"the wallet refused it: {posted.reason}"

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

        await amend(payment_id, captured)
        return None

    async def _give_back(self) -> str | None:
        attempt = self._payment.attempt(self._subject.key)
        await give_back(self._payment, attempt.account if attempt else self._account, None)
        return None

    async def _refund(self, amount: Money) -> str | None:
        if not await self._claims("refund"):
            return "another case has decided on this money"
        outcome = await self._psp.settle(
            RefundInstruction(
                key=by_case(key_of(self._payment.payment_id, Operation.REFUND)),
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
        await self._claims(_OPEN_AGAIN)
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
            )
        )
        await remember(self._payment.payment_id, self._psp)
        if isinstance(outcome, Approved):
            return None
        return f"the PSP did not release it: {problem_of(outcome).reason}"

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
            reply=Approved(subject.psp_ref or subject.key, subject.amount)
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
            await run.signal("psp_event", event)
        except FailureError:
            return "the payment's run is over: look at the payment, and propose again"
        return None

    async def _claims(self, remedy: str) -> bool:
        """Whether this case has the payment's one remedy. What the PSP declined is free again."""
        key, case_id = remedy_key_of(self._payment.payment_id), self._case.case_id
        mine = Attempt(key, self._account, remedy, reason=case_id)

        def claimed(known: Recalled) -> Recalled | None:
            there = known.attempt(key)
            free = there is None or there.outcome == _OPEN_AGAIN
            freeing = remedy == _OPEN_AGAIN and there is not None and there.reason == case_id
            if there == mine or not (free or freeing):
                return None
            attempts = tuple(a for a in known.facts.attempts if a.key != key)
            return replace(known, facts=replace(known.facts, attempts=(*attempts, mine)))

        await amend(self._payment.payment_id, claimed)
        return (await books.recall(self._payment.payment_id)).attempt(key) == mine

    @property
    def _account(self) -> MerchantAccount:
        if self._subject.account is None:
            raise AssertionError("what moves money names its merchant account")
        return self._subject.account


async def _nobody_waits() -> None:
    """The case stays as it is: it is looked up for as long as it takes."""
