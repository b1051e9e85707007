"""Whom to ask next for one payment, and why nobody any more."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

from workflows.domain.cascading import CascadeLimits
from workflows.domain.payments import Problem, Route
from workflows.domain.psp import Approved, Authentication, Declined, MerchantAccount, NotSent
from workflows.domain.routing.accounts import key_of_account
from workflows.domain.routing.limits import Ended, Tried, next_account

Answer = Approved | Declined | NotSent
AS_FAR_AS_THERE_ARE_ACCOUNTS = CascadeLimits(attempts=1000, seconds=10**9)
"""Where no policy says how far to go: the card schemes' limit alone holds."""


class Cascade:
    """`number` counts the questions: it is in their keys.

    `in_time`: somebody waits, so that the route's seconds count. Nobody does for a payout, which
    may be sent again for minutes, or be declined by a bank after days.
    """

    def __init__(self, route: Route, *, in_time: bool) -> None:
        self.problem = Problem("no_route")
        self._route = route
        self._limits = route.limits or AS_FAR_AS_THERE_ARE_ACCOUNTS
        self._in_time = in_time
        self._asked: list[Tried] = []
        self._began: datetime | None = None

    @property
    def number(self) -> int:
        """Of the next question, from 1."""
        return len(self._asked) + 1

    def next_account(self) -> MerchantAccount | None:
        """None: nobody else is asked, and `problem` says why."""
        now = workflow.now()
        self._began = self._began or now
        found = next_account(
            self._route.candidates,
            self._asked,
            self._limits,
            elapsed_seconds=(now - self._began).total_seconds() if self._in_time else 0,
        )
        if isinstance(found, Ended):
            self.problem = _ended(self.problem, found) if self._asked else self.problem
            return None
        return found

    def heard(self, account: MerchantAccount, answer: Declined | NotSent) -> None:
        """It did not come to a yes: somebody else may be asked."""
        self.problem = problem_of(answer)
        self._asked.append(Tried(account, answer))

    def authentication_for(self, account: MerchantAccount) -> Authentication | None:
        """What the player has proved before an account that said no, where this one takes it."""
        if key_of_account(account) not in self._route.reuses_3ds:
            return None
        outcomes = (one.outcome for one in reversed(self._asked))
        proofs = (one.authentication for one in outcomes if isinstance(one, Declined))
        return next((proof.handed_over for proof in proofs if proof and proof.is_reusable), None)


def problem_of(answer: Declined | NotSent) -> Problem:
    """What the outside is told of an account that did nothing."""
    match answer:
        case Declined():
            return Problem(answer.reason, answer.code, answer.soft, answer.advice)
        case NotSent():
            return Problem("psp_unreachable", answer.why[:80])


def _ended(problem: Problem, why: Ended) -> Problem:
    return Problem(problem.reason, problem.code, problem.soft, problem.advice, str(why))
