"""What an answer other than 200 makes certain."""

from __future__ import annotations

import structlog

from activities.psp.wire import Answer, InDoubt, NeverSent

from .messages import Fault, Problem

log = structlog.get_logger("paysaga.psp")

_OF_STATE = frozenset(
    {
        "charge_already_captured",
        "idempotency_key_in_use",
        "intent_invalid_state",
        "lock_timeout",
        "payment_intent_unexpected_state",
    }
)
"""Something was done before, or is being done: perhaps by this very instruction."""
_BUSY = frozenset({"payment_intent_rate_limit_exceeded", "rate_limit"})
"""Too often asked, whatever the HTTP status: nothing was executed, nothing is refused."""
_REFUSALS = frozenset({"card_error", "invalid_request_error"})
_OF_THE_ACCOUNT = frozenset({"authentication_error", "permission_error"})


class AccountFault(NeverSent):
    """Stripe does not take our key, or not for this: nothing was done. It is no card's fault."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"HTTP {status}: Stripe does not take our key for this")
        self.code = code


def refusal(answer: Answer) -> Problem:
    """Why Stripe refused. Raises NeverSent where it did not even begin, InDoubt for all else."""
    if answer.status < 400:
        # 200 is its only yes.
        raise InDoubt(f"HTTP {answer.status}")
    problem = answer.read(Fault).error
    if answer.status in (401, 403) or problem.type in _OF_THE_ACCOUNT:
        raise _account_fault(answer.status, problem)
    if answer.status == 429:
        raise NeverSent("HTTP 429: Stripe is busy and executed nothing")
    if problem.code in _BUSY or problem.type == "rate_limit_error":
        if problem.payment_intent is not None:
            raise InDoubt("Stripe is busy with a payment intent that is there")
        raise NeverSent("Stripe was asked too often and executed nothing")
    if answer.status not in (400, 402, 404) or problem.type not in _REFUSALS:
        raise InDoubt(f"HTTP {answer.status}")
    if answer.status == 404 and problem.code != "resource_missing":
        raise InDoubt("HTTP 404 that names no object")
    return problem


def is_about_state(problem: Problem) -> bool:
    """Refused because of what was done to the thing before, maybe by us."""
    return problem.code in _OF_STATE


def is_missing(problem: Problem) -> bool:
    """Stripe's own word that there is no such thing; a 404 alone may be a gateway's."""
    return problem.code == "resource_missing"


def same(what: str, answered: object, asked: object) -> None:
    """The answer is to this question, or it is none. Raises InDoubt."""
    if answered != asked:
        raise InDoubt(f"the answer is about another {what}")


def _account_fault(status: int, problem: Problem) -> AccountFault:
    code = problem.code or problem.type
    # An alert: until somebody mends the account's key or its permissions, nothing goes there.
    log.error("psp_account_misconfigured", psp="stripe", status=status, code=code[:40])
    return AccountFault(status, code)
