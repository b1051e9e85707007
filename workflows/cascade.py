"""Whom to ask next for one payment, and why nobody any more."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

from .domain.payments import Problem, Route
from .domain.psp import Approved, Authentication, Declined, MerchantAccount, NotSent
from .domain.routing.accounts import key_of_account
from .domain.routing.cascade import CascadeLimits, may_cascade
from .domain.routing.limits import Asked, Ended, next_account

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
        self._asked: list[Asked] = []
        self._began: datetime | None = None

    @property
    def number(self) -> int:
        return len(self._asked) + 1

    def next_account(self) -> MerchantAccount | None:
        """None: nobody else is asked, and `problem` says why."""
        # Answers of older versions know no policies: runs that have them ask as they did.
        found = self._in_order() if self._route.policy == "" else self._within_limits()
        if isinstance(found, Ended):
            self.problem = _ended(self.problem, found) if self._asked else self.problem
            return None
        return found

    def heard(self, account: MerchantAccount, answer: Declined | NotSent) -> None:
        self.problem = problem_of(answer)
        self._asked.append(Asked(account, answer))

    def authentication_for(self, account: MerchantAccount) -> Authentication | None:
        """What the player has proved before an account that said no, where this one takes it."""
        if key_of_account(account) not in self._route.reuses_3ds:
            return None
        said = (one.outcome for one in reversed(self._asked))
        proofs = (one.authentication for one in said if isinstance(one, Declined))
        return next((proof.handed_over for proof in proofs if proof and proof.is_reusable), None)

    def _in_order(self) -> MerchantAccount | None:
        ended = bool(self._asked) and not _may_go_on(self._asked[-1])
        rest = () if ended else self._route.candidates[len(self._asked) :]
        return rest[0] if rest else None

    def _within_limits(self) -> MerchantAccount | Ended:
        now = workflow.now()
        self._began = self._began or now
        return next_account(
            self._route.candidates,
            self._asked,
            self._limits,
            elapsed_seconds=(now - self._began).total_seconds() if self._in_time else 0,
        )


def problem_of(answer: Declined | NotSent) -> Problem:
    match answer:
        case Declined():
            return Problem(answer.reason, answer.code, answer.soft, answer.advice)
        case NotSent():
            return Problem("psp_unreachable", answer.why[:80])


def _may_go_on(one: Asked) -> bool:
    return isinstance(one.outcome, Approved | Declined | NotSent) and may_cascade(one.outcome)


def _ended(problem: Problem, why: Ended) -> Problem:
    return Problem(problem.reason, problem.code, problem.soft, problem.advice, str(why))
