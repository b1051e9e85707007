"""Four eyes on a payout: a second person approves, declines or postpones; anybody may cancel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from . import policies
from .domain.payments import Problem, Record
from .domain.payouts import Approval, Decision, Status
from .payment import Payment


class Desk:
    """Where the run of one payout waits for people. `ending` says how it ends without payment."""

    def __init__(
        self, payout: Payment[Status], requester: str, is_parked: Callable[[], bool]
    ) -> None:
        self.ending: Status | None = None
        self._payout = payout
        self._requester = requester
        self._is_parked = is_parked
        self._approval: Approval | None = None
        self._closed = False

    async def approves(self) -> bool:
        """Wait for the decision. False leaves `ending` set."""
        until: datetime | None = None
        while self.ending is None:
            if until is None:
                await self._payout.advance(Status.AWAITING_APPROVAL, postponed_until=None)
            await self._somebody_decides(until or workflow.now() + policies.APPROVAL_LASTS)
            approval, self._approval = self._approval, None
            if approval is not None:
                until = await self._act_on(approval)
                if approval.decision is Decision.APPROVE:
                    return self.ending is None
            elif until is not None:
                until = None
            else:
                self.ending = self.ending or Status.EXPIRED
        return False

    def close(self) -> None:
        """From here on a PSP is asked: it is too late to cancel."""
        self._closed = True

    async def decide(self, approval: Approval) -> Record:
        self._approval = approval
        return await self._payout.next_rest()

    async def cancel(self) -> Record:
        self.ending = Status.CANCELLED
        return await self._payout.next_rest()

    def cancel_if_possible(self) -> None:
        if self.can_cancel:
            self.ending = Status.CANCELLED

    @property
    def can_cancel(self) -> bool:
        idle = not self._closed or self._is_parked()
        return idle and not self._payout.final and self.ending is None

    def validate(self, approval: Approval) -> None:
        """Raises ApplicationError `FourEyes`, `IllegalState` or `InvalidDecision`."""
        if approval.approver == self._requester:
            raise _refusal("FourEyes", "who requested a payout may not decide on it")
        waits = self._payout.status in (Status.AWAITING_APPROVAL, Status.POSTPONED)
        free = self._approval is None and self.ending is None
        self._payout.require(waits and free, approval.decision)
        if approval.decision is Decision.POSTPONE:
            _later(approval.until)
        elif approval.until is not None:
            raise _refusal("InvalidDecision", "`until` goes with postpone alone")

    async def _somebody_decides(self, until: datetime) -> None:
        try:
            await workflow.wait_condition(
                lambda: self._approval is not None or self.ending is not None,
                timeout=max(until - workflow.now(), timedelta(milliseconds=1)),
                timeout_summary="Until it is too late to decide",
            )
        except TimeoutError:
            return

    async def _act_on(self, approval: Approval) -> datetime | None:
        decided: dict[str, Any] = {
            "approver": approval.approver,
            "decision_reason": approval.reason,
        }
        match approval.decision:
            case Decision.APPROVE:
                self._payout.move(Status.SUBMITTED, postponed_until=None, **decided)
            case Decision.DECLINE:
                self._payout.learn(problem=Problem("declined_by_approver"), **decided)
                self.ending = self.ending or Status.DECLINED
            case Decision.POSTPONE:
                await self._payout.advance(
                    Status.POSTPONED, postponed_until=approval.until, **decided
                )
                return datetime.fromisoformat(approval.until or "")
        return None


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
