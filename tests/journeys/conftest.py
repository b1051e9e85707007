"""One stack for all journeys: real processes, real HTTP, real webhooks; the books after each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from infra.local.addresses import Stack
from infra.local.demo.cashier import Cashier
from infra.local.demo.play import Scene, scene
from infra.local.demo.sandbox import SandboxPsp
from infra.local.stack import local_stack
from tests.journeys.drills import books_hold


@pytest.fixture(scope="package")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    async with local_stack(folder, durable=False) as running:
        yield running


@pytest.fixture(scope="package")
async def at(stack: Stack) -> AsyncIterator[Scene]:
    async with scene(stack) as opened:
        yield opened


@pytest.fixture
async def cashier(at: Scene) -> AsyncIterator[Cashier]:
    """Whatever a journey does through it, the books hold afterwards."""
    yield at.cashier
    await books_hold(at)


@pytest.fixture
def psp(at: Scene) -> SandboxPsp:
    return at.psp
