"""The decision: which merchant accounts are asked for a payment, in which order, and why."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.domain.psp import MerchantAccount

from .accounts import Accounts, key_of_account
from .draw import Draw
from .eligibility import eligible
from .facts import RoutingFacts
from .health import Health
from .learning.statistics import Statistics
from .ordering import NOBODY, Given, Ranking, rank
from .policy.matching import matcher_of
from .policy.rules import Exhausted, Policy, Refuse
from .receipt import Exclusion, Receipt

NONE_ALLOWED = "no_account_allowed"


@dataclass(frozen=True)
class RoutingDecision:
    """Accounts in the order in which to ask them, or, without any, the reason of the refusal."""

    accounts: tuple[MerchantAccount, ...]
    refusal: str | None
    receipt: Receipt


def decide(
    policy: Policy,
    accounts: Accounts,
    facts: RoutingFacts,
    health: Health,
    statistics: Statistics,
    draw: Draw,
) -> RoutingDecision:
    """Pure: the same six, the same decision. The policy has been validated against the accounts.

    What is not allowed is taken out first; then the first rule that holds decides, unless it is a
    wish and none of its accounts is left; else the default.
    """
    given = Given(accounts, facts, eligible(accounts, facts, health), statistics, draw)
    passed: list[str] = []
    for rule in matcher_of(policy).matching(facts):
        if isinstance(rule.then, Refuse):
            return _decision(policy, given, rule.name, passed, NOBODY, rule.then.reason)
        ranking = rank(rule.then, given)
        if ranking.candidates or rule.if_none_allowed is Exhausted.REFUSE:
            return _decision(policy, given, rule.name, passed, ranking)
        passed.append(rule.name)
    reason = policy.default.reason if isinstance(policy.default, Refuse) else NONE_ALLOWED
    return _decision(policy, given, None, passed, rank(policy.default, given), reason)


def _decision(
    policy: Policy,
    given: Given,
    rule: str | None,
    passed: list[str],
    ranking: Ranking,
    reason: str = NONE_ALLOWED,
) -> RoutingDecision:
    asked = tuple([candidate.account for candidate in ranking.candidates])
    refusal = None if asked else reason
    receipt = Receipt(
        policy_id=policy.id,
        policy_version=policy.version,
        rule=rule,
        passed_over=tuple(passed),
        candidates=ranking.candidates,
        excluded=given.eligible.excluded + _not_named(given, asked),
        seed=given.draw.seed,
        experiment=ranking.experiment,
        arm=ranking.arm,
        segment=ranking.segment,
        statistics=ranking.statistics,
        refusal=refusal,
    )
    return RoutingDecision(asked, refusal, receipt)


def _not_named(given: Given, asked: tuple[MerchantAccount, ...]) -> tuple[Exclusion, ...]:
    allowed = given.eligible.allowed
    if len(asked) == len(allowed):
        return ()
    named = {key_of_account(account) for account in asked}
    return tuple([one.not_named for key, one in allowed.items() if key not in named])
