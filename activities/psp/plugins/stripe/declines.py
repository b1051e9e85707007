"""What Stripe's no means: why, how a card may be tried again, and soft or hard.

Soft: another merchant account may say yes. What is in no table is hard: it never cascades; nor does
what a fraud filter said, Stripe's or the issuer's.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from activities.psp import schemes
from workflows.domain.declines import SOFT, Advice, DeclineReason, Retry
from workflows.domain.psp import Declined

from .codes import (
    DECLINES,
    FAILED_REFUNDS,
    NETWORK,
    OF_THE_ACCOUNT,
    REQUESTS,
    RISKS,
    SAYS_NOTHING,
    WORDS,
)
from .messages import Outcome, Problem

log = structlog.get_logger("paysaga.psp")

_NO_MORE = frozenset({"03", "21", "42"})
"""Advice codes of a network that is not always told: do not try again, stop, and a score by which
the issuer never will."""

_STRICTER = (Retry.FREE, Retry.LATER, Retry.AFTER_CHANGE, Retry.NEVER)
_NOTHING = Outcome()


def declined(problem: Problem, outcome: Outcome | None = None) -> Declined:
    """What Stripe's error says of a card or of what we asked; `outcome`: of the charge."""
    outcome = outcome or problem.outcome or _NOTHING
    code = problem.decline_code or problem.code or problem.type
    if _is_blocked(outcome):
        return _blocked(problem, outcome, code)
    known = DECLINES.get(code)
    if problem.type == "invalid_request_error" and (known is None or problem.code in REQUESTS):
        return _mistake(problem, code)
    if known is None:
        advice = _advice(problem, outcome, Retry.NEVER)
        return Declined(_unmapped(code), soft=False, code=code, advice=advice)
    reason, retry = known
    network = NETWORK.get(_network_code(problem, outcome) or "")
    if network is not None and reason in SOFT:
        advice = _advice(problem, outcome, Retry.NEVER)
        return Declined(network, soft=False, code=code, advice=advice)
    advice = _advice(problem, outcome, retry)
    return Declined(reason, reason in SOFT and advice.retry is not Retry.NEVER, code, advice)


def may_be_blocked(problem: Problem, outcome: Outcome | None = None) -> bool:
    """Whether only the charge, which is not told, can say that it was no issuer who said no."""
    code = problem.decline_code or problem.code
    untold = outcome is None and problem.outcome is None
    return code in SAYS_NOTHING and untold and problem.network_decline_code is None


def failed(reason: str | None, status: str) -> Declined:
    """What became of a refund that came to nothing."""
    if reason is None:
        ended = DeclineReason.VOIDED if status == "canceled" else DeclineReason.RETURNED
        return Declined(ended, soft=False, code=status)
    return Declined(FAILED_REFUNDS.get(reason) or _unmapped(reason), soft=False, code=reason)


def _is_blocked(outcome: Outcome) -> bool:
    return outcome.type == "blocked" or outcome.network_status == "reversed_after_approval"


def _blocked(problem: Problem, outcome: Outcome, code: str) -> Declined:
    """By Stripe's own filter: its reason is the code, where it gives one."""
    risky = outcome.risk_level in ("elevated", "highest")
    reason = RISKS.get(outcome.reason or "") or RISKS.get(code)
    advice = _advice(problem, outcome, Retry.NEVER)
    reason = reason or (DeclineReason.FRAUD if risky else DeclineReason.BLOCKED)
    return Declined(reason, soft=False, code=outcome.reason or code, advice=advice)


def _mistake(problem: Problem, code: str) -> Declined:
    if problem.code == "resource_missing" and problem.param in ("payment_method", "customer"):
        return Declined(DeclineReason.UNKNOWN_TOKEN, soft=False, code=code)
    reason = REQUESTS.get(problem.code or "", DeclineReason.INVALID_REQUEST)
    if reason in (DeclineReason.INVALID_REQUEST, DeclineReason.ACCOUNT_MISCONFIGURED):
        # An alert: a bug of ours, or something to be set right at Stripe.
        log.error("psp_request_refused", psp="stripe", code=code[:40], reason=str(reason))
    return Declined(reason, soft=reason in OF_THE_ACCOUNT, code=code)


def _unmapped(code: str) -> DeclineReason:
    log.warning("psp_decline_unmapped", psp="stripe", code=code[:40])
    return DeclineReason.UNMAPPED


def _network_code(problem: Problem, outcome: Outcome) -> str | None:
    return problem.network_decline_code or outcome.network_decline_code


def _advice(problem: Problem, outcome: Outcome, retry: Retry) -> Advice:
    """The strictest of our table, of Stripe's word and of the scheme's rules; every code that the
    issuer or Stripe gave is kept as it came."""
    card = (problem.payment_method and problem.payment_method.card) or None
    scheme = card and (card.network or card.brand)
    code = _network_code(problem, outcome)
    theirs = problem.network_advice_code or outcome.network_advice_code
    stripes = problem.advice_code or outcome.advice_code
    rule = schemes.advice(
        scheme=scheme, scheme_code=code, advice_code=theirs, on=datetime.now(UTC).date()
    )
    words = [retry, WORDS.get(stripes or "", Retry.FREE)]
    words += [rule.retry] if rule else []
    words += [Retry.NEVER] if theirs in _NO_MORE else []
    strictest = max(words, key=_STRICTER.index)
    after = rule.after_seconds if rule and strictest is Retry.LATER else None
    return Advice(strictest, after, scheme, code, theirs or stripes)
