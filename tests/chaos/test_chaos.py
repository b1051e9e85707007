"""The short form of `make chaos`: one of each kind of fault, and not a cent or a webhook lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tests.chaos.run import Plan, chosen, run
from tests.chaos.screen import show

SEED, PAYMENTS = 7, 48
FAULTS = (
    "kill -9 worker",
    "psp answers: lost_after",
    "kill -9 postgres",
    "worker to psp: cut",
    "kill -9 temporal",
    "webhooks sent again, twice at once",
)
_LINKS = ("worker to psp", "psp to api")


async def test_no_cent_and_no_webhook_is_lost_whatever_dies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(SEED, PAYMENTS, FAULTS, patience_seconds=15.0, rest_seconds=60.0)
    result = await run(plan, tmp_path, print, headless=True)
    replay = f"make chaos SEED={SEED} PAYMENTS={PAYMENTS} FAULTS='{';'.join(FAULTS)}'"
    with capsys.disabled():
        console = Console()
        console.print()
        show(console, result.blows, result.verdict, result.diary, replay)
    assert result.verdict.violations == []
    assert result.verdict.payments >= PAYMENTS
    assert not [finding.name for finding in result.verdict.report.findings if not finding.checked]


def test_the_same_seed_deals_the_same_faults_in_the_same_order() -> None:
    first, again, other = (
        [fault.name for fault in chosen(Plan(seed, 1), _LINKS)] for seed in (7, 7, 8)
    )
    assert first == again != other
    assert sorted(first) == sorted(other)


def test_a_fault_that_is_not_known_is_refused_with_the_names_of_those_that_are() -> None:
    with pytest.raises(LookupError, match="kill -9 worker"):
        chosen(Plan(1, 1, ("an earthquake",)), _LINKS)
