"""Whoever dies between a commit and a task's end: of two exclusive things one happens, ever."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable

import pytest

from infra.local.stack.postgres import Database
from tests.crashes.drill import Drill, Played
from tests.crashes.flows import FAMILIES
from tests.crashes.scenes import Dies, scenes_of
from tests.crashes.stage import Stage, stage
from tests.crashes.verdict import tally

EVERYTHING = os.environ.get("PAYSAGA_CRASHES") == "all"
"""Each point with every rival and both deaths; else with one of them in turn."""


@pytest.fixture(scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory, database: Database) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("crashes"), database) as opened:
        yield opened


@pytest.fixture(scope="module")
def drill(at: Stage) -> Drill:
    return Drill(at)


@pytest.mark.parametrize("family", FAMILIES)
async def test_whoever_dies_wherever_one_thing_happens_and_all_books_tell_of_it(
    at: Stage, drill: Drill, family: str, capsys: pytest.CaptureFixture[str]
) -> None:
    began, flows = time.monotonic(), FAMILIES[family]
    points = await drill.points_of(flows)
    scenes = scenes_of(flows, points, everything=EVERYTHING)
    played = await drill.die([scene for scene in scenes if scene.dies is Dies.BOTH])
    await at.kill_temporal()
    played += await drill.die([scene for scene in scenes if scene.dies is Dies.WORKER])
    await drill.finish(played)
    with capsys.disabled():
        _show(family, played, time.monotonic() - began)
    wrong = [f"{each.scene}: {what} ({each.run.id})" for each in played for what in each.wrong]
    assert not wrong, "\n".join(["", *wrong])
    assert len(played) == len(scenes)


def _show(family: str, played: list[Played], seconds: float) -> None:
    def line(what: str, of: Callable[[Played], list[str]]) -> str:
        return f"  {what}: {tally(word for each in played for word in of(each)) or 'none'}"

    lines = [
        f"\n{family}: {len(played)} scenes in {seconds:.0f} s",
        line("ends", lambda each: [each.truth.row["status"]] if each.truth else []),
        line("cases", lambda each: each.truth.cases if each.truth else []),
        line("rivals were told", lambda each: [each.run.answer] if each.run.answer else []),
    ]
    print("\n".join(lines))  # noqa: T201 - what was played is part of the proof
