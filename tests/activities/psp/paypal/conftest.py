"""The lookalike of PayPal, as a process, and the plugin that speaks to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from activities.psp.plugins.paypal.adapter import PaypalAdapter
from activities.psp.plugins.paypal.settings import PaypalAccount, PaypalSettings
from infra.local.psps.base.profile import find
from tests.activities.psp.paypal.lookalike import World
from tests.infra.local.psps.running import Running, as_process


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    credentials = find("paypal").credentials(tmp_path_factory.mktemp("paypal"))
    async with as_process("paypal", credentials) as made:
        yield made


@pytest.fixture
async def world(running: Running) -> AsyncIterator[World]:
    profile = find("paypal")
    written = profile.plugin_environment(running.credentials, running.url)[
        "PAYSAGA_PAYPAL_ACCOUNTS"
    ]
    accounts = {name: PaypalAccount(**each) for name, each in json.loads(written).items()}
    adapter = PaypalAdapter(PaypalSettings(accounts=accounts))
    yield World(running, adapter)
    await adapter.aclose()
