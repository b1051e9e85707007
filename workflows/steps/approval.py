"""Four eyes on a payout: a second person approves, declines or postpones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import policies
from workflows.domain.payments import Problem
from workflows.domain.payouts import Approval, ApprovalDecision, Status
from workflows.domain.records import Record

from .ending import Ending
from .payment import Payment

_LEADS_TO = {
    ApprovalDecision.APPROVE: {Status.SETTLED, Status.FAILED},
    ApprovalDecision.DECLINE: {Status.DECLINED},
    ApprovalDecision.POSTPONE: set[Status](),
}
"""The ends that a decision can have, whoever brought them about."""


class ApprovalGate:
    """Where the run of one payout waits for people. `given_up` gives how the payout ends, once that
    is decided: then it waits no more."""

    def __init__(
        self,
        payout: Payment[Status],
        requester: str,
        given_up: Callable[[], Ending[Status] | None],
    ) -> None:
        self._payout = payout
        self._requester = requester
        self._given_up = given_up
        self._approval: Approval | None = None

    async def passes(self) -> Ending[Status] | None:
        """Wait for the decision. None: it was approved."""
        until: datetime | None = None
        while (given_up := self._given_up()) is None:
            if until is None:
                await self._payout.advance(Status.AWAITING_APPROVAL, postponed_until=None)
            await self._somebody_decides(until or workflow.now() + policies.APPROVAL_LASTS)
            approval = self._approval
            if approval is not None:
                outcome = await self._act_on(approval)
                # Until it is seen to nobody else decides.
                self._approval = None
                if not isinstance(outcome, datetime):
                    return outcome
                until = outcome
            elif until is not None:
                until = None
            else:
                return self._given_up() or Ending(Status.EXPIRED)
        return given_up

    async def decide(self, approval: Approval) -> Record:
        """For the caller of `approve`: the record that the decision led to."""
        self._approval = approval
        # That it was approved is written down first; the caller waits for what comes of it.
        before = self._payout.rests + (approval.decision is ApprovalDecision.APPROVE)
        return await self._payout.next_rest(approval.decision, _LEADS_TO[approval.decision], before)

    def validate(self, approval: Approval) -> None:
        """Raises ApplicationError `FourEyes`, `IllegalState` or `InvalidDecision`."""
        if approval.approver == self._requester:
            raise _refusal("FourEyes", "who requested a payout may not decide on it")
        waits = self._payout.status in (Status.AWAITING_APPROVAL, Status.POSTPONED)
        free = self._approval is None and self._given_up() is None
        self._payout.require(waits and free, approval.decision)
        if approval.decision is ApprovalDecision.POSTPONE:
            _later(approval.until)
        elif approval.until is not None:
            raise _refusal("InvalidDecision", "`until` goes with postpone alone")

    async def _somebody_decides(self, until: datetime) -> None:
        try:
            await workflow.wait_condition(
                lambda: self._approval is not None or self._given_up() is not None,
                timeout=max(until - workflow.now(), timedelta(milliseconds=1)),
                timeout_summary="Until it is too late to decide",
            )
        except TimeoutError:
            return

    async def _act_on(self, approval: Approval) -> datetime | Ending[Status] | None:
        """Until when it is postponed, how the payout ends, or None: it goes on."""
        decided: dict[str, Any] = {
            "approver": approval.approver,
            "approver_credential": approval.credential or None,
            "decision_reason": approval.reason,
        }
        match approval.decision:
            case ApprovalDecision.APPROVE:
                # The database lets no PSP be asked for what waits for a second person, and a run
                # that has lost the decision must find that it still waits.
                await self._payout.let_history_have_it()
                await self._payout.advance(Status.SUBMITTED, postponed_until=None, **decided)
                return self._given_up()
            case ApprovalDecision.DECLINE:
                self._payout.learn(**decided)
                return Ending(Status.DECLINED, Problem("declined_by_approver"))
            case ApprovalDecision.POSTPONE:
                await self._payout.advance(
                    Status.POSTPONED, postponed_until=approval.until, **decided
                )
                return datetime.fromisoformat(approval.until or "")


def _later(until: str | None) -> datetime:
    """The moment that a postponement names. Raises ApplicationError `InvalidDecision`."""
    rule = f"postpone needs `until`, an RFC 3339 time within {policies.POSTPONED_AT_MOST.days} days"
    try:
        moment = datetime.fromisoformat(until or "")
        ahead = moment - workflow.now()
    except (ValueError, TypeError) as wrong:
        raise _refusal("InvalidDecision", rule) from wrong
    if not timedelta(0) < ahead <= policies.POSTPONED_AT_MOST:
        raise _refusal("InvalidDecision", rule)
    return moment


def _refusal(kind: str, message: str) -> ApplicationError:
    return ApplicationError(message, type=kind, non_retryable=True)
