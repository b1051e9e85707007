from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from infra.local.psps.base.profile import find
from tests.infra.local.psps.paypal.judging import Judge
from tests.infra.local.psps.paypal.merchant import Merchant
from tests.infra.local.psps.running import as_process


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
    await paypal_process.at.http.delete("/_control/refusals")
    await paypal_process.at.order("webhooks", mode="in_order")
    await paypal_process.at.order("tokens", expires_in=32_400)


@pytest.fixture
async def judge() -> Judge:
    return Judge()


@pytest.fixture
async def judged(merchant: Merchant, judge: Judge) -> AsyncIterator[Merchant]:
    hooks: dict[str, list[Callable[..., Any]]] = {"response": [judge]}
    async with httpx.AsyncClient(
        base_url=merchant.at.url, trust_env=False, event_hooks=hooks
    ) as http:
        yield Merchant(replace(merchant.at, http=http))
