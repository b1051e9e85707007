"""What a policy would have done with payments that another one routed, before it is switched on.

Judged is the first attempt of each payment: a receipt knows how likely each account was to come
first. An account that was down then is down in the estimate; the counts that a bandit would have
looked at are those that are given, for all payments alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import Accounts, key_of_account
from workflows.domain.routing.decision import RoutingDecision, decide
from workflows.domain.routing.draw import Draw, spread
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.health import Health, Stop
from workflows.domain.routing.policy.rules import Policy
from workflows.domain.routing.receipt import ExclusionReason, Receipt

from .off_policy import ESTIMATORS, Bounded, Sample, effective_sample
from .statistics import Statistics

PRIOR_WEIGHT = 10
"""Payments that an account's share in the model starts from, at the share of all accounts."""


@dataclass(frozen=True)
class PastPayment:
    """A payment that was routed. `approved` and `cost` (minor units) are those of its first
    attempt; None: no certain answer."""

    facts: RoutingFacts
    receipt: Receipt | None
    approved: bool | None
    cost: int = 0


class NotJudged(StrEnum):
    NO_RECEIPT = "no_receipt"
    NO_OUTCOME = "no_outcome"
    NEVER_ASKED = "never_asked"
    """The policy might ask an account first that the other one would never have asked first."""


@dataclass(frozen=True)
class CostEstimate:
    """Per payment of one currency, in whole minor units."""

    currency: str
    payments: int
    was: int
    would_be: int
    low: int
    high: int


@dataclass(frozen=True)
class Estimate:
    """Shares are of the judged payments, `approvals` by estimator; see `off_policy`."""

    payments: int
    judged: int
    not_judged: Mapping[NotJudged, int]
    refused: int
    """Judged: the policy refuses them, so that they are not approved and cost nothing."""
    elsewhere: int
    """Of all that have a receipt, those that would have gone to another account first."""
    approvals_were: float
    approvals: Mapping[str, Bounded]
    costs: tuple[CostEstimate, ...]
    effective_sample: float


@dataclass(frozen=True)
class Judged:
    """A payment that can be judged, and how likely the policy asks each account first."""

    recorded: PastPayment
    account: str
    logged: float
    chances: Mapping[str, float]


def estimate(
    policy: Policy,
    accounts: Accounts,
    statistics: Statistics,
    recorded: Sequence[PastPayment],
) -> Estimate:
    reasons: Counter[NotJudged] = Counter()
    cases: list[Judged] = []
    refused = elsewhere = approved = 0
    for one in recorded:
        if one.receipt is None:
            reasons[NotJudged.NO_RECEIPT] += 1
            continue
        decision = _decide(policy, accounts, statistics, one.facts, one.receipt)
        elsewhere += _first(decision.receipt) != _first(one.receipt)
        case = _case(one, one.receipt, decision)
        if isinstance(case, NotJudged):
            reasons[case] += 1
            continue
        approved += bool(one.approved)
        if decision.refusal is not None:
            refused += 1
        else:
            cases.append(case)
    judged = len(cases) + refused
    return Estimate(
        payments=len(recorded),
        judged=judged,
        not_judged=dict(reasons),
        refused=refused,
        elsewhere=elsewhere,
        approvals_were=approved / judged if judged else 0.0,
        approvals=_approvals(cases, len(cases) / judged if judged else 0.0),
        costs=_costs(cases),
        effective_sample=effective_sample(_samples(cases, [0.0] * len(cases))),
    )


@dataclass(frozen=True)
class Moved:
    """A payment that would have gone elsewhere; None is nowhere."""

    payment_id: str
    before: MerchantAccount | None
    after: MerchantAccount | None
    rule: str | None
    refusal: str | None


def replay_plain(
    policy: Policy, accounts: Accounts, statistics: Statistics, recorded: Iterable[PastPayment]
) -> list[Moved]:
    """With the very draws that were recorded. Payments without a receipt are left out."""
    moved = []
    for one in recorded:
        if one.receipt is None:
            continue
        decision = _decide(policy, accounts, statistics, one.facts, one.receipt)
        before, after = _first(one.receipt), _first(decision.receipt)
        if before != after:
            rule, refusal = decision.receipt.rule, decision.refusal
            moved.append(Moved(one.facts.payment_id, before, after, rule, refusal))
    return moved


def _decide(
    policy: Policy,
    accounts: Accounts,
    statistics: Statistics,
    facts: RoutingFacts,
    receipt: Receipt,
) -> RoutingDecision:
    down = tuple(
        Stop(psp=one.account.psp, account=one.account.id)
        for one in receipt.excluded
        if one.reason
        in (ExclusionReason.BREAKER_OPEN, ExclusionReason.STOPPED, ExclusionReason.SWITCHED_OFF)
    )
    return decide(policy, accounts, facts, Health(stops=down), statistics, Draw(receipt.seed))


def _first(receipt: Receipt) -> MerchantAccount | None:
    return receipt.candidates[0].account if receipt.candidates else None


def _case(one: PastPayment, receipt: Receipt, decision: RoutingDecision) -> Judged | NotJudged:
    logged = _chances(receipt)
    chances = _chances(decision.receipt)
    first = _first(receipt)
    if not chances:
        return Judged(one, "", 1.0, {})
    if first is None or not chances.keys() <= logged.keys():
        return NotJudged.NEVER_ASKED
    if one.approved is None:
        return NotJudged.NO_OUTCOME
    key = key_of_account(first)
    return Judged(one, key, logged[key], chances)


def _chances(receipt: Receipt) -> dict[str, float]:
    return {
        key_of_account(candidate.account): candidate.propensity
        for candidate in receipt.candidates
        if candidate.propensity > 0
    }


def _approvals(cases: Sequence[Judged], share: float) -> dict[str, Bounded]:
    """`share`: of the judged payments, those that the policy does not refuse."""
    samples = _samples(cases, [float(bool(case.recorded.approved)) for case in cases])
    return {
        name: _within(estimator(samples).scaled(share)) for name, estimator in ESTIMATORS.items()
    }


def _within(share: Bounded) -> Bounded:
    return Bounded(_share(share.value), _share(share.low), _share(share.high))


def _share(number: float) -> float:
    """A weighted few may come to more than all, or to less than none."""
    return min(1.0, max(0.0, number))


def _costs(cases: Sequence[Judged]) -> tuple[CostEstimate, ...]:
    found = []
    for currency in sorted({case.recorded.facts.currency for case in cases}):
        spent = [case for case in cases if case.recorded.facts.currency == currency]
        costs = [case.recorded.cost for case in spent]
        bounded = ESTIMATORS["doubly_robust"](_samples(spent, [float(cost) for cost in costs]))
        value, low, high = (round(each) for each in (bounded.value, bounded.low, bounded.high))
        was = (2 * sum(costs) + len(costs)) // (2 * len(costs))
        found.append(CostEstimate(currency, len(spent), was, value, max(0, low), high))
    return tuple(found)


def _samples(cases: Sequence[Judged], rewards: Sequence[float]) -> list[Sample]:
    """The model is a share per account; each half of the payments is judged by the other half's."""
    # Not by the id alone: it may have been the seed, and then halves would be halves of accounts.
    folds = [int(spread(f"half:{case.recorded.facts.payment_id}") < 0.5) for case in cases]
    models = [
        _model([(c, r) for c, r, fold in zip(cases, rewards, folds, strict=True) if fold != number])
        for number in (0, 1)
    ]
    samples = []
    for case, reward, fold in zip(cases, rewards, folds, strict=True):
        model = models[fold]
        samples.append(
            Sample(
                case.chances.get(case.account, 0.0) / case.logged,
                reward,
                model.get(case.account, model[""]),
                sum(chance * model.get(key, model[""]) for key, chance in case.chances.items()),
            )
        )
    return samples


def _model(seen: Sequence[tuple[Judged, float]]) -> dict[str, float]:
    """By account the mean reward, drawn towards that of all, which is under ""."""
    overall = sum(reward for _, reward in seen) / len(seen) if seen else 0.0
    sums: dict[str, float] = {}
    counts: Counter[str] = Counter()
    for case, reward in seen:
        sums[case.account] = sums.get(case.account, 0.0) + reward
        counts[case.account] += 1
    return {"": overall} | {
        key: (total + PRIOR_WEIGHT * overall) / (counts[key] + PRIOR_WEIGHT)
        for key, total in sums.items()
    }
