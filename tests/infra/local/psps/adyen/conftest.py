from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.infra.local.psps.adyen.caller import PROFILE, Caller
from tests.infra.local.psps.running import as_process


@pytest.fixture(scope="session")
async def adyen_process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Caller]:
    credentials = PROFILE.credentials(tmp_path_factory.mktemp("adyen"))
    async with as_process("adyen", credentials, "[accepted]") as running:
        yield Caller(running)


@pytest.fixture
async def shop(adyen_process: Caller) -> AsyncIterator[Caller]:
    """The process is shared; what was ordered of it is not."""
    yield adyen_process
    await adyen_process.at.http.delete("/_control/faults")
    await adyen_process.at.order("webhooks", mode="in_order")
    await adyen_process.at.order("adyen/items", size=1)
