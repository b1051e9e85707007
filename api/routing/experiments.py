"""What may be said of an experiment in a policy, as often as one likes to look."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from activities.routing.learning.experiments import Judged, verdict_on
from api.http.errors import not_found
from api.http.listing import shown
from api.http.openapi import reads
from api.routing.parts import DeskRead
from api.routing.scope import may_see, named
from workflows.domain.routing.accounts import key_of_account
from workflows.domain.routing.learning.experiments import (
    Arm,
    ArmCounts,
    Experiment,
    Finding,
    Metric,
    Unit,
    Verdict,
)

router = APIRouter(prefix="/v1/routing/experiments", tags=["Routing"])


class ArmView(BaseModel):
    name: str
    weight: int
    accounts: list[str]
    attempts: int = Field(description="first attempts with a certain answer")
    approvals: int
    approved: float | None = Field(description="the share; null without an attempt")
    bad: int = Field(description="what the guardrail counts; 0 without one")
    chance_of_best: float = Field(description="that it converts best; for people, not the verdict")


class GuardrailView(BaseModel):
    metric: Metric
    worse_by_percent: float = Field(description="than the first arm, in points")


class ExperimentView(BaseModel):
    policy: str
    brand_id: str | None
    name: str
    unit: Unit = Field(description="player: a player stays in one arm")
    minimum_sample: int = Field(description="of each arm, before anything is said")
    guardrail: GuardrailView | None
    arms: list[ArmView] = Field(description="the first is the control")
    finding: Finding
    arm: str | None = Field(description="the winner, or the one to stop")
    missing: int = Field(description="attempts until the thinnest arm has its sample")
    verdict: str = Field(description="in words")


@router.get(
    "/{policy_id}/{name}",
    summary="The verdict on an experiment",
    description="Of an experiment in a policy that is active, over all its versions. The test may "
    "be looked at any time and often: it calls arms that are alike different in at most 5 % of "
    "experiments. An arm that breaks through the guardrail is to be stopped at once.",
    responses=reads(ExperimentView),
)
async def verdict(
    ask: DeskRead,
    policy_id: Annotated[str, Path(description="the id of a policy")],
    name: Annotated[str, Path(description="the experiment's, as the policy calls it")],
) -> Response:
    try:
        judged = await verdict_on(ask.parts.pool, ask.parts.snapshots, policy_id, name)
    except LookupError:
        raise not_found("experiment in an active policy") from None
    if not may_see(ask, judged.brand):
        raise not_found("experiment in an active policy")
    return shown(_view(policy_id, judged))


def _view(policy_id: str, judged: Judged) -> ExperimentView:
    experiment, found = judged.experiment, judged.verdict
    guardrail = experiment.guardrail
    return ExperimentView(
        policy=policy_id,
        brand_id=named(judged.brand),
        name=experiment.name,
        unit=experiment.unit,
        minimum_sample=experiment.minimum_sample,
        guardrail=guardrail
        and GuardrailView(metric=guardrail.metric, worse_by_percent=guardrail.worse_by / 100),
        arms=[
            _arm(arm, judged.counts.get(arm.name, ArmCounts(0, 0)), found.chance[arm.name])
            for arm in experiment.arms
        ],
        finding=found.finding,
        arm=found.arm,
        missing=found.missing,
        verdict=_in_words(experiment, found),
    )


def _arm(arm: Arm, counts: ArmCounts, chance: float) -> ArmView:
    share = round(counts.approvals / counts.attempts, 4) if counts.attempts else None
    return ArmView(
        name=arm.name,
        weight=arm.weight,
        accounts=[key_of_account(account) for account in arm.accounts],
        attempts=counts.attempts,
        approvals=counts.approvals,
        approved=share,
        bad=counts.bad,
        chance_of_best=round(chance, 4),
    )


def _in_words(experiment: Experiment, found: Verdict) -> str:
    match found.finding:
        case Finding.TOO_EARLY:
            return f"too early: the thinnest arm needs {found.missing} more answers"
        case Finding.UNDECIDED:
            return "the sample is there, and no arm is certainly better: go on, or end it as a draw"
        case Finding.WINNER:
            return f"{found.arm} converts better: propose a policy that uses its accounts"
        case Finding.STOP:
            metric = experiment.guardrail.metric if experiment.guardrail else "the guardrail"
            words = metric.replace("_", " ")
            return f"stop {found.arm}: it has more {words} than the guardrail allows"
