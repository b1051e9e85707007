"""What is done by the clock: schedules that operators see, pause and run by hand in the Web UI."""

from __future__ import annotations

from datetime import timedelta

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from workflows.domain.identity import EXPIRY
from workflows.expiry import Expiry
from workflows.policies import EXPIRY_EVERY

log = structlog.get_logger("paysaga.schedules")


async def keep_schedules(client: Client, queue: str) -> None:
    """Make each that is not there. One that is gets what its runs are started with; its times, and
    whether it is paused, stay as operators have set them. An outage is logged: the next worker that
    starts does it."""
    for name, schedule in schedules(queue).items():
        try:
            await _keep(client, name, schedule)
        except RPCError as error:
            log.error("schedule_not_kept", schedule=name, error=error.status.name)


def schedules(queue: str) -> dict[str, Schedule]:
    return {
        "intent-expiry": Schedule(
            action=ScheduleActionStartWorkflow(
                Expiry.run,
                id=EXPIRY,
                task_queue=queue,
                static_summary="End intents that nobody has gone ahead with",
            ),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EXPIRY_EVERY)]),
            policy=SchedulePolicy(
                overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)
            ),
        )
    }


async def _keep(client: Client, name: str, wanted: Schedule) -> None:
    try:
        await client.create_schedule(name, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(lambda known: _with_action(known, wanted))


def _with_action(known: ScheduleUpdateInput, wanted: Schedule) -> ScheduleUpdate:
    schedule = known.description.schedule
    schedule.action = wanted.action
    return ScheduleUpdate(schedule=schedule)
