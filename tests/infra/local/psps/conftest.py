from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.infra.local.psps.running import Running, in_process
from tests.infra.local.psps.stripe_caller import Caller, stripe_lookalike
from tests.infra.local.psps.toy import CREDENTIALS, build


@pytest.fixture
async def toy() -> AsyncIterator[Running]:
    async with in_process(build, CREDENTIALS) as running:
        yield running


@pytest.fixture(scope="session")
async def stripe_process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Caller]:
    async with stripe_lookalike(tmp_path_factory.mktemp("stripe")) as caller:
        yield caller


@pytest.fixture
async def merchant(stripe_process: Caller) -> AsyncIterator[Caller]:
    """The process is shared; what was ordered of it is not."""
    yield stripe_process
    await stripe_process.at.http.delete("/_control/faults")
    await stripe_process.at.order("webhooks", mode="in_order")
