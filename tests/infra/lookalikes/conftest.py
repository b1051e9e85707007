from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.infra.lookalikes.running import Running, in_process
from tests.infra.lookalikes.toy import CREDENTIALS, build


@pytest.fixture
async def toy() -> AsyncIterator[Running]:
    async with in_process(build, CREDENTIALS) as running:
        yield running
