"""One stack for all journeys: real processes, real HTTP, real webhooks; the books after each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from _pytest.mark.structures import ParameterSet

from activities.psp import discovery
from infra.local.demo.cashier import Cashier
from infra.local.demo.play import Scene, scene
from infra.local.demo.sandbox import SandboxPsp
from infra.local.psps.base import profile
from infra.local.stack.addresses import Stack
from infra.local.stack.stack import local_stack
from tests.journeys.drills import books_hold
from tests.journeys.theatre import Theatre, theatre_of


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


def _lookalikes() -> Iterator[ParameterSet]:
    """Found by looking; one that has no plugin is not played, and says so."""
    for name in profile.names():
        plugged = name in discovery.places()
        unplugged = pytest.mark.skipif(not plugged, reason=f"there is no plugin of {name}")
        yield pytest.param(name, id=name, marks=unplugged)


@pytest.fixture(scope="package", params=list(_lookalikes()))
async def theatre(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Theatre]:
    """One stack for all that is played with a PSP."""
    async with theatre_of(request.param, tmp_path_factory.mktemp(request.param)) as opened:
        # Empty books prove nothing, also when one test is run alone.
        await opened.cashier.deposit("first", "1.00 EUR")
        yield opened


@pytest.fixture
async def counter(theatre: Theatre) -> AsyncIterator[Cashier]:
    """Its cashier. Whatever a journey does through it, the books hold afterwards."""
    yield theatre.cashier
    await books_hold(theatre.at)
