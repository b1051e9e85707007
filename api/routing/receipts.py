"""Why a payment went where it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from activities.routing.kept import FACTS, Kept
from activities.routing.receipts import receipts_of
from api.http.amounts import AmountOut
from api.http.errors import not_found
from api.http.fields import is_of
from api.http.listing import Page, shown
from api.http.openapi import reads
from api.routing.parts import DeskRead
from workflows.domain.identity import Kind
from workflows.domain.routing.accounts import key_of_account
from workflows.domain.routing.receipt import Candidate, ExclusionReason, Receipt

router = APIRouter(prefix="/v1/routing/receipts", tags=["Routing"])


class CandidateView(BaseModel):
    account: str = Field(examples=["sandbox/primary"])
    propensity: float = Field(
        description="how likely it was, before the draw, that this account came first"
    )
    score: float | None = Field(
        description="what a bandit expects of it: a share of approvals, or of the amount"
    )
    probe: bool = Field(description="its breaker is half open, and this payment may try it")


class ExclusionView(BaseModel):
    account: str
    reason: ExclusionReason


class ReceiptView(BaseModel):
    number: int = Field(description="1 for the first time that the payment was routed")
    at: datetime
    brand_id: str
    policy: str
    policy_version: int
    rule: str | None = Field(description="null: the policy's default decided")
    passed_over: list[str] = Field(description="rules that held and had no account to ask")
    candidates: list[CandidateView] = Field(description="in the order in which they are asked")
    excluded: list[ExclusionView]
    refusal: str | None = Field(description="why there is no candidate")
    facts: dict[str, Any] = Field(description="all that the rules were told; null: not known")
    experiment: str | None
    arm: str | None
    segment: str | None = Field(description='whose counts a bandit looked at; "": all payments')
    statistics: str | None = Field(description="the version of these counts")
    seed: str = Field(description="of the random draw: the same seed decides the same")
    generation: int = Field(description="of the accounts and policies that were active")


@router.get(
    "/{payment_id}",
    summary="Why a payment went where it went",
    description="One receipt for each time that it was routed, written in the moment of the "
    "decision and never changed: the rule and the version that decided, every account with the "
    "reason why it was asked or not, and all that is needed to decide the same again.",
    responses=reads(Page[ReceiptView]),
)
async def of_payment(
    ask: DeskRead, payment_id: Annotated[str, Path(description="in_… or po_…")]
) -> Response:
    found: Sequence[Kept] = ()
    if is_of(payment_id, Kind.DEPOSIT) or is_of(payment_id, Kind.PAYOUT):
        found = await receipts_of(ask.parts.pool, payment_id, ask.caller.brands)
    if not found:
        raise not_found("receipt")
    return shown(Page(items=[_view(kept) for kept in found], next_cursor=None))


def _view(kept: Kept) -> ReceiptView:
    receipt: Receipt = kept.receipt
    return ReceiptView(
        number=kept.number,
        at=kept.at,
        brand_id=kept.brand,
        policy=receipt.policy_id,
        policy_version=receipt.policy_version,
        rule=receipt.rule,
        passed_over=list(receipt.passed_over),
        candidates=[_candidate(one) for one in receipt.candidates],
        excluded=[
            ExclusionView(account=key_of_account(one.account), reason=one.reason)
            for one in receipt.excluded
        ],
        refusal=receipt.refusal,
        facts=_facts(kept),
        experiment=receipt.experiment,
        arm=receipt.arm,
        segment=receipt.segment,
        statistics=receipt.statistics,
        seed=receipt.seed,
        generation=kept.generation,
    )


def _candidate(one: Candidate) -> CandidateView:
    return CandidateView(
        account=key_of_account(one.account),
        propensity=one.propensity,
        score=one.score,
        probe=one.probe,
    )


def _facts(kept: Kept) -> dict[str, Any]:
    facts: dict[str, Any] = FACTS.dump_python(kept.facts, mode="json")
    amount = kept.facts.amount
    return facts | {"amount": AmountOut.of_minor(amount.minor_units, amount.currency).model_dump()}
