"""A whole chaos run: the stack, the load, the blows, the calm, the verdict."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.demo.sandbox import SandboxPsp
from tests.chaos.closing import Closing
from tests.chaos.drill import Blow, Drill
from tests.chaos.faults import Fault, calm, every
from tests.chaos.ground import Ground, ground
from tests.chaos.load import Load
from tests.chaos.platform import Diary, Platform
from tests.chaos.verdict import Verdict, judged


@dataclass(frozen=True)
class Plan:
    seed: int
    payments: int
    faults: tuple[str, ...] | int | None = None
    """These in this order; so many, dealt by the seed; or all there are."""
    patience_seconds: float = 45.0
    """How long one payment is followed before the next may begin in its place."""
    rest_seconds: float = 240.0
    """How long things may take to come to rest when all is over."""


@dataclass(frozen=True)
class Result:
    blows: list[Blow]
    verdict: Verdict
    diary: Diary
    played: dict[str, int]


async def run(
    plan: Plan, folder: Path, say: Callable[[str], None], *, headless: bool = False
) -> Result:
    """Nothing of it is left running, however it ends. Raises LocalError, LookupError."""
    diary, since = Diary(), time.monotonic()

    def say_when(text: str) -> None:
        say(f"{time.monotonic() - since:6.1f} s  {text}")

    async with ground(folder, say_when, headless=headless) as at:
        tokens = {"platform": at.stack.tokens.platform, "approver": at.stack.tokens.approver}
        async with httpx.AsyncClient(base_url=at.stack.api_url, trust_env=False) as http:
            platform = Platform(http, tokens, diary)
            load = Load(platform, SandboxPsp(at.psp), plan.seed, plan.patience_seconds)
            try:
                return await _storm(plan, at, load, diary, say_when)
            finally:
                await load.abandon()


async def _storm(
    plan: Plan, at: Ground, load: Load, diary: Diary, say: Callable[[str], None]
) -> Result:
    faults = chosen(plan, tuple(at.links))
    drill, blows = Drill(at, load, diary, say), []
    for number, fault in enumerate(faults):
        # The shares differ by one at most and add up to the whole.
        share = plan.payments * (number + 1) // len(faults) - plan.payments * number // len(faults)
        blows.append(await drill.suffer(fault, share))
    await calm(at)
    say("all faults are over; waiting for the payments under way")
    await load.finished()
    closing = Closing(at, load)
    unfinished = await closing.rest(plan.rest_seconds)
    say("at rest; what waits for somebody is cancelled or declined")
    unfinished += await closing.end(plan.rest_seconds)
    say("the books are read")
    verdict = await judged(at, diary, unfinished)
    verdict.violations += [
        f"no deposit went through within the time after: {blow.fault.name}"
        for blow in blows
        if blow.recovered_seconds is None
    ]
    return Result(blows, verdict, diary, dict(load.played))


def chosen(plan: Plan, links: tuple[str, ...]) -> list[Fault]:
    """Raises LookupError, naming what there is."""
    there_are = every(links, plan.seed)
    if isinstance(plan.faults, tuple):
        by_name = {fault.name: fault for fault in there_are}
        if unknown := [name for name in plan.faults if name not in by_name]:
            raise LookupError(f"no fault is called {unknown}; there are: {', '.join(by_name)}")
        return [by_name[name] for name in plan.faults]
    dice = random.Random(f"{plan.seed}:faults")
    dice.shuffle(there_are)
    return there_are[: plan.faults]
