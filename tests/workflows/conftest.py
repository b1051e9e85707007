"""Workflows run on a real Temporal server, in the sandbox, against fakes of the ports."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import World, a_world, working


@pytest.fixture
def time_machine(temporal_client: Client) -> TimeMachine:
    return TimeMachine(temporal_client)


@pytest.fixture
async def world(time_machine: TimeMachine) -> AsyncIterator[World]:
    async with working(a_world(time_machine.client)) as made:
        yield made
