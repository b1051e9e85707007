"""What an answer other than 200 makes certain."""

from __future__ import annotations

from activities.psp.wire import Answer, InDoubt, NeverSent

from .messages import Fault, Problem

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
_REFUSALS = frozenset({"card_error", "invalid_request_error"})


def refusal(answer: Answer) -> Problem:
    """Why Stripe refused. Raises NeverSent where it did not even begin, InDoubt for all else."""
    if answer.status < 400:
        # 200 is its only yes.
        raise InDoubt(f"HTTP {answer.status}")
    problem = answer.read(Fault).error
    if answer.status in (401, 403):
        raise NeverSent(f"HTTP {answer.status}: Stripe does not take our key for this")
    if answer.status == 429:
        raise NeverSent("HTTP 429: Stripe is busy and executed nothing")
    if answer.status not in (400, 402, 404) or problem.type not in _REFUSALS:
        raise InDoubt(f"HTTP {answer.status}")
    if answer.status == 404 and problem.code != "resource_missing":
        raise InDoubt("HTTP 404 that names no object")
    return problem


def is_about_state(problem: Problem) -> bool:
    return problem.code in _OF_STATE


def is_missing(problem: Problem) -> bool:
    return problem.code == "resource_missing"


def same(what: str, told: object, asked: object) -> None:
    """The answer is to this question, or it is none. Raises InDoubt."""
    if told != asked:
        raise InDoubt(f"the answer is about another {what}")
