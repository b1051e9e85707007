"""How an estimate of a policy, and a replay, are told."""

from __future__ import annotations

from pydantic import BaseModel, Field

from activities.routing.learning.estimated import Estimated, Replayed
from api.http.amounts import AmountOut
from api.routing.scope import named
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import key_of_account
from workflows.domain.routing.learning.estimate import CostEstimate, Estimate, Moved, NotJudged
from workflows.domain.routing.learning.off_policy import Bounded

_BEST = "doubly_robust"
_WHY = {
    NotJudged.NO_RECEIPT: "they were routed before receipts were kept",
    NotJudged.NO_OUTCOME: "their first attempt has no certain answer (yet)",
    NotJudged.NEVER_ASKED: "the policy would ask an account first that the one in force never does",
}


class BoundedView(BaseModel):
    value: float
    low: float = Field(description="with 95 % confidence it is not below")
    high: float = Field(description="nor above")


class NotJudgedView(BaseModel):
    reason: NotJudged
    payments: int
    why: str


class CostView(BaseModel):
    """Per payment of one currency."""

    currency: str
    payments: int
    was: AmountOut
    would_be: AmountOut
    low: AmountOut
    high: AmountOut


class EstimateView(BaseModel):
    policy: str
    version: int
    brand_id: str | None = Field(description="null: the brands without a policy of their own")
    complete: bool = Field(description="false: there were more payments; these are the newest")
    payments: int
    judged: int
    not_judged: list[NotJudgedView]
    refused: int = Field(description="of the judged: the policy would refuse them")
    elsewhere: int = Field(description="they would have gone to another account first")
    approved_was: float = Field(description="the share of the judged whose first attempt was")
    approved_would_be: BoundedView
    estimators: dict[str, BoundedView] = Field(
        description="the same by three ways of estimating; where they disagree, trust none"
    )
    costs: list[CostView]
    effective_sample: float = Field(
        description="as many payments under the new policy would tell as much; few tell little"
    )
    summary: str = Field(description="in words")


class MovedView(BaseModel):
    payment_id: str
    before: str | None = Field(description="the account that was asked first; null: none")
    after: str | None = Field(description="the one that would have been")
    rule: str | None
    refusal: str | None


class ReplayView(BaseModel):
    policy: str
    version: int
    brand_id: str | None
    complete: bool
    payments: int
    moved: int = Field(description="how many would have gone elsewhere first")
    items: list[MovedView] = Field(description="the newest of them, at most 1,000")


def estimated(policy_id: str, found: Estimated) -> EstimateView:
    """Shares to four decimals. The doubly robust one leads; `estimators` has all."""
    estimate = found.estimate
    return EstimateView(
        policy=policy_id,
        version=found.version,
        brand_id=named(found.brand),
        complete=found.complete,
        payments=estimate.payments,
        judged=estimate.judged,
        not_judged=[
            NotJudgedView(reason=reason, payments=count, why=_WHY[reason])
            for reason, count in estimate.not_judged.items()
        ],
        refused=estimate.refused,
        elsewhere=estimate.elsewhere,
        approved_was=round(estimate.approvals_were, 4),
        approved_would_be=_bounded(estimate.approvals[_BEST]),
        estimators={name: _bounded(each) for name, each in estimate.approvals.items()},
        costs=[_cost(cost) for cost in estimate.costs],
        effective_sample=round(estimate.effective_sample, 1),
        summary=_summary(estimate),
    )


def replayed(policy_id: str, found: Replayed) -> ReplayView:
    """`moved` counts all of them, `items` shows the newest."""
    return ReplayView(
        policy=policy_id,
        version=found.version,
        brand_id=named(found.brand),
        complete=found.complete,
        payments=found.payments,
        moved=found.moved,
        items=[_moved(one) for one in found.first],
    )


def _summary(estimate: Estimate) -> str:
    if not estimate.judged:
        return f"none of {estimate.payments} payments can be judged: `not_judged` says why"
    best = estimate.approvals[_BEST]
    return (
        f"{estimate.judged} of {estimate.payments} payments can be judged: "
        f"{_percent(estimate.approvals_were)} were approved at first, {_percent(best.value)} would "
        f"be (between {_percent(best.low)} and {_percent(best.high)}); it tells as much as "
        f"{estimate.effective_sample:.0f} payments under the new policy"
    )


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _bounded(bounded: Bounded) -> BoundedView:
    return BoundedView(
        value=round(bounded.value, 4), low=round(bounded.low, 4), high=round(bounded.high, 4)
    )


def _cost(cost: CostEstimate) -> CostView:
    def money(minor_units: int) -> AmountOut:
        return AmountOut.of_minor(minor_units, cost.currency)

    return CostView(
        currency=cost.currency,
        payments=cost.payments,
        was=money(cost.was),
        would_be=money(cost.would_be),
        low=money(cost.low),
        high=money(cost.high),
    )


def _moved(one: Moved) -> MovedView:
    return MovedView(
        payment_id=one.payment_id,
        before=_name(one.before),
        after=_name(one.after),
        rule=one.rule,
        refusal=one.refusal,
    )


def _name(account: MerchantAccount | None) -> str | None:
    return None if account is None else key_of_account(account)
