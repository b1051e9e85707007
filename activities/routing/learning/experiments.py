"""What the arms of an experiment have seen, and what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from activities.routing.snapshots import Snapshots
from workflows.domain.routing.learning.experiments import (
    ArmCounts,
    Experiment,
    Metric,
    Verdict,
    verdict,
)
from workflows.domain.routing.policy.rules import Action, Policy

_BAD = {
    Metric.TECHNICAL_FAILURES: "outcome = 'not_sent'",
    Metric.CHARGEBACKS: "charged_back_at IS NOT NULL AND outcome = 'approved'",
}
_COUNTS = """
SELECT arm, count(*) AS attempts, count(*) FILTER (WHERE outcome = 'approved') AS good,
    count(*) FILTER (WHERE {bad}) AS bad
FROM routing_first_attempts
WHERE policy = $1 AND experiment = $2 AND outcome IS NOT NULL GROUP BY arm
"""
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Judged:
    brand: str
    """Of the policy; `*` for every brand without one of its own."""
    experiment: Experiment
    counts: Mapping[str, ArmCounts]
    """By arm."""
    verdict: Verdict


async def verdict_on(pool: asyncpg.Pool, snapshots: Snapshots, policy_id: str, name: str) -> Judged:
    """Of an experiment in an active policy, over all versions of the policy that had it.

    Raises LookupError where there is none.
    """
    brand, policy = (await snapshots.latest()).named(policy_id)
    experiment = experiment_of(policy, name)
    counts = await counts_of(pool, policy.id, experiment)
    return Judged(brand, experiment, counts, verdict(experiment, counts))


def experiment_of(policy: Policy, name: str) -> Experiment:
    actions: list[Action] = [*(rule.then for rule in policy.rules), policy.default]
    for action in actions:
        if isinstance(action, Experiment) and action.name == name:
            return action
    raise LookupError(f"{policy.id} has no experiment {name}")


async def counts_of(
    pool: asyncpg.Pool, policy_id: str, experiment: Experiment
) -> Mapping[str, ArmCounts]:
    """By arm, first attempts with a certain answer; one round trip."""
    guardrail = experiment.guardrail
    bad = _BAD[guardrail.metric] if guardrail is not None else "false"
    rows = await pool.fetch(
        _COUNTS.format(bad=bad), policy_id, experiment.name, timeout=_PATIENCE_SECONDS
    )
    return {row["arm"]: ArmCounts(row["attempts"], row["good"], row["bad"]) for row in rows}
