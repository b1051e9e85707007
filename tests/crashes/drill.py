"""Each payment, each point, each rival: the worker dies, the rival comes, a healthy one goes on."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

from tests.crashes.flows import CANCEL, RIVALS, Does, Flow
from tests.crashes.runs import Run, opened, started
from tests.crashes.scenes import Dies, Scene
from tests.crashes.stage import Stage
from tests.crashes.verdict import Truth, judged, keeps_its_word, truths
from tests.crashes.ward import Ward, at_work
from tests.crashes.zygote import Doomed
from workers.crash_points import DIED, CrashPoint, CrashPoints
from workflows.domain.records import Result

COMES_WITHIN_SECONDS = 9.0
"""To its point: below four fifths of the task timeout, when a living worker tells of its task."""
FINISHED_WITHIN_SECONDS = 75.0
RUNS_OF_A_WORKER = 36
INSISTS = 8
"""Times that a rival presses the button, as long as the run refuses it in its present state."""
UNDISTURBED = 4
"""Payments by which the points of a flow are known."""
TRIES = 8
"""Of a scene whose run did not come to its point in time: a busy machine is no finding."""
_POLL_SECONDS = 1.5
_WAITS = {
    "INITIATED",
    "REQUIRES_ACTION",
    "AUTHORIZED",
    "PAYOUT_AWAITING_APPROVAL",
    "PAYOUT_POSTPONED",
}
_OPEN = "SELECT id, status FROM payments WHERE id = ANY ($1) AND NOT final"


@dataclass
class Played:
    scene: Scene
    run: Run
    truth: Truth | None = None
    wrong: list[str] = field(default_factory=list)


class Drill:
    def __init__(self, stage: Stage) -> None:
        self._at = stage
        self._names = itertools.count(1)

    async def points_of(self, flows: Iterable[Flow]) -> dict[str, list[CrashPoint]]:
        """By flow, every point that each of some undisturbed payments passes: what one of them
        alone comes to was chance, and another one would be waited for there in vain."""
        passed: dict[str, dict[CrashPoint, None]] = defaultdict(dict)

        async def arrive(run: str, point: CrashPoint) -> None:
            passed[run][point] = None

        ward = self._ward()
        runs: dict[str, list[Run]] = {}
        async with at_work(ward, self._at.ground, self._at.client, CrashPoints(arrive)):
            for flow in flows:
                runs[flow.name] = [await self._opened(flow, ward) for _ in range(UNDISTURBED)]
            await asyncio.gather(
                *(self._play(flow, run) for flow in flows for run in runs[flow.name])
            )
            await self._closed([run for some in runs.values() for run in some])
        return {
            name: [
                point
                for point in passed[some[0].workflow_id]
                if all(point in passed[run.workflow_id] for run in some)
            ]
            for name, some in runs.items()
        }

    async def die(self, scenes: Sequence[Scene]) -> list[Played]:
        """Every run stands at its point when its worker is gone."""
        played: list[Played] = []
        left = list(scenes)
        for _ in range(TRIES):
            batches = [
                left[first : first + RUNS_OF_A_WORKER]
                for first in range(0, len(left), RUNS_OF_A_WORKER)
            ]
            left = []
            for batch in batches:
                died, late = await self._die_together(batch)
                played += died
                left += late
        if left:
            raise AssertionError(f"never came to their points: {', '.join(map(str, left))}")
        return played

    async def finish(self, played: Sequence[Played]) -> None:
        """The rivals come, then a healthy worker; what waits for somebody then is cancelled."""
        rivals = [
            asyncio.create_task(self._insist(RIVALS[each.scene.rival], each)) for each in played
        ]
        heard = {each.run.id for each in played if each.scene.dies is Dies.WORKER}
        await self._at.tell_what_was_not_promised(heard)
        async with AsyncExitStack() as stack:
            for ward in {each.run.ward for each in played}:
                working = at_work(ward, self._at.ground, self._at.client, CrashPoints(_passes))
                await stack.enter_async_context(working)
            await asyncio.gather(*rivals)
            await self._closed([each.run for each in played])
            await self._judge(played)

    # --- inside -------------------------------------------------------------------------------

    def _ward(self) -> Ward:
        return Ward(f"w{next(self._names)}")

    async def _opened(self, flow: Flow, ward: Ward) -> Run:
        at = self._at
        order = await opened(flow.order(ward.psp), ward, at.pool, at.adapter)
        run = Run(order, ward, at.client, at.pool, at.psp)
        at.door.wards[run.id] = ward
        return run

    async def _play(self, flow: Flow, run: Run) -> None:
        await started(run.order, run.ward, self._at.client)
        for step in flow.steps:
            await step(run)

    async def _die_together(self, scenes: Sequence[Scene]) -> tuple[list[Played], list[Scene]]:
        """One worker's runs: those that stood at their points, and the scenes of the others."""
        ward = self._ward()
        played = [Played(scene, await self._opened(scene.flow, ward)) for scene in scenes]
        points = {each.run.workflow_id: str(each.scene.point) for each in played}
        await self._at.zygote.fork(Doomed(ward, self._at.ground, points, COMES_WITHIN_SECONDS))
        playing = [asyncio.create_task(self._play(e.scene.flow, e.run)) for e in played]
        missing, code = await self._at.zygote.death_of(ward.name)
        for task in playing:
            task.cancel()
        await asyncio.gather(*playing, return_exceptions=True)
        assert code == DIED, f"a worker ended with exit code {code}"
        late = [each.scene for each in played if each.run.workflow_id in missing]
        return [each for each in played if each.run.workflow_id not in missing], late

    async def _insist(self, does: Does, each: Played) -> None:
        run = each.run
        run.answer = ""
        try:
            async with asyncio.timeout(FINISHED_WITHIN_SECONDS):
                for _ in range(INSISTS):
                    await does(run)
                    if not run.is_refused_as_it_stands:
                        return
                    await asyncio.sleep(0.7)
        except (RPCError, TimeoutError) as error:
            each.wrong.append(f"the rival was never answered: {error!r}")

    async def _closed(self, some: Sequence[Run]) -> None:
        deadline = time.monotonic() + FINISHED_WITHIN_SECONDS
        runs = {run.id: run for run in some}
        rested: dict[str, int] = defaultdict(int)
        while time.monotonic() < deadline:
            rows = await self._at.pool.fetch(_OPEN, list(runs))
            if not rows:
                return
            for row in rows:
                rested[row["id"]] += row["status"] in _WAITS
            await asyncio.gather(
                *(_cancelled(runs[row["id"]]) for row in rows if rested[row["id"]] > 2)
            )
            await asyncio.sleep(_POLL_SECONDS)

    async def _judge(self, played: Sequence[Played]) -> None:
        results = await asyncio.gather(*(_result(each.run) for each in played))
        named = {each.run.id: result for each, result in zip(played, results, strict=True)}
        found = await truths(self._at.pool, await self._at.psp.journal(), named)
        for each in played:
            each.truth = found[each.run.id]
            each.wrong += judged(each.truth) + keeps_its_word(each.run.answer, each.truth)


async def _passes(_: str, __: CrashPoint) -> None:
    return None


async def _cancelled(run: Run) -> None:
    """By whoever cleans up: what the rival was told is kept."""
    answer = run.answer
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            await CANCEL(run)
    run.answer = answer


async def _result(run: Run) -> Result | str:
    try:
        async with asyncio.timeout(60):
            return await run.handle.result()
    except TimeoutError:
        return f"is not over: {await _stuck(run)}"
    except (WorkflowFailureError, RPCError) as error:
        return f"failed: {error}"


async def _stuck(run: Run) -> str:
    """Why its last task failed, if it did."""
    failure = "it waits"
    async for event in run.handle.fetch_history_events():
        if event.HasField("workflow_task_failed_event_attributes"):
            failure = str(event.workflow_task_failed_event_attributes.failure.message)
    return failure
