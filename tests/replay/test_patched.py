"""How a process is changed under running payments (docs/changing-processes.md), shown on one."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker
from temporalio.workflow import NondeterminismError

SECOND_LOOK = "looks-twice-before-it-ends"
A_MOMENT = timedelta(milliseconds=1)


@workflow.defn(name="example")
class Released:
    @workflow.run
    async def run(self) -> str:
        await workflow.sleep(A_MOMENT, summary="the first look")
        return "looked once"


@workflow.defn(name="example")
class Changed:
    @workflow.run
    async def run(self) -> str:
        await workflow.sleep(A_MOMENT, summary="the first look")
        if not workflow.patched(SECOND_LOOK):
            return "looked once"
        await workflow.sleep(A_MOMENT, summary="the second look")
        return "looked twice"


@workflow.defn(name="example")
class ChangedWithoutAPatch:
    @workflow.run
    async def run(self) -> str:
        await workflow.sleep(A_MOMENT, summary="the first look")
        await workflow.sleep(A_MOMENT, summary="the second look")
        return "looked twice"


@workflow.defn(name="example")
class Settled:
    """When no run is left that looks once: the question goes, its mark stays readable."""

    @workflow.run
    async def run(self) -> str:
        await workflow.sleep(A_MOMENT, summary="the first look")
        workflow.deprecate_patch(SECOND_LOOK)
        await workflow.sleep(A_MOMENT, summary="the second look")
        return "looked twice"


@asynccontextmanager
async def _run_of(client: Client, process: type) -> AsyncIterator[tuple[str, WorkflowHistory]]:
    """What it gave, and its history."""
    queue = f"example-{uuid.uuid4().hex}"
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=queue, workflows=[process], workflow_runner=runner):
        handle = await client.start_workflow("example", id=queue, task_queue=queue)
        result = str(await handle.result())
        yield result, await handle.fetch_history()


async def _replays(process: type, history: WorkflowHistory) -> None:
    await Replayer(
        workflows=[process], workflow_runner=UnsandboxedWorkflowRunner()
    ).replay_workflow(history)


async def test_a_run_that_began_before_the_change_goes_on_as_it_began(
    temporal_client: Client,
) -> None:
    async with _run_of(temporal_client, Released) as (result, history):
        assert result == "looked once"
        await _replays(Changed, history)
        with pytest.raises(NondeterminismError):
            await _replays(ChangedWithoutAPatch, history)


async def test_a_run_that_begins_after_it_has_the_new_step(temporal_client: Client) -> None:
    async with _run_of(temporal_client, Changed) as (result, history):
        assert result == "looked twice"
        await _replays(Changed, history)
        await _replays(Settled, history)
