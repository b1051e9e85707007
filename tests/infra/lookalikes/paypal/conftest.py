from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from infra.lookalikes.stage import find
from tests.infra.lookalikes.paypal.merchant import Merchant
from tests.infra.lookalikes.running import as_process


@pytest.fixture(scope="session")
async def paypal_process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Merchant]:
    credentials = find("paypal").credentials(tmp_path_factory.mktemp("paypal"))
    async with as_process("paypal", credentials) as running:
        yield Merchant(running)


@pytest.fixture
async def merchant(paypal_process: Merchant) -> AsyncIterator[Merchant]:
    """The process is shared; what was ordered of it is not."""
    yield paypal_process
    await paypal_process.at.http.delete("/_control/faults")
    await paypal_process.at.order("webhooks", mode="in_order")
    await paypal_process.at.order("tokens", expires_in=32_400)
