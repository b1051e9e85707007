"""What a dying and a healthy worker have in common: whom they serve, and by which books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr
from temporalio.client import Client

from activities.psp.catalog import Catalog
from activities.psp.contract import Adapter
from activities.psp.plugins.sandbox.adapter import SandboxAdapter
from activities.psp.plugins.sandbox.settings import SandboxSettings
from activities.routing.settings import Account, RoutingSettings
from activities.settings import Settings
from infra.postgres import open_pool
from infra.settings import Postgres, Temporal
from workers.assembly import answers, core_worker, psp_worker
from workers.crash_points import CrashPoints

WEBHOOK_SECRET = "whsec_" + "c2FuZGJveC1wc3Atc2VjcmV0LW9mLXRlc3Rz"
KEYS = {"primary": "sk_primary_of_tests", "secondary": "sk_secondary_of_tests"}

HELD_FIRST = "voucher"
"""The method by which the accounts of the drill hold money, and capture it then."""


@dataclass(frozen=True)
class Ground:
    """Where the servers are."""

    postgres: str
    temporal: str
    psp: str


@dataclass(frozen=True)
class Ward:
    """The payments of one worker: a brand, queues and a name for the PSP of their own."""

    name: str

    @property
    def brand(self) -> str:
        return f"brand-{self.name}"

    @property
    def psp(self) -> str:
        return f"sandbox-{self.name}"

    @property
    def queue(self) -> str:
        return f"core-{self.name}"


@dataclass(frozen=True)
class Speaking:
    """The sandbox PSP's plugin, connected to the process of this test."""

    name: str
    url: str

    def connect(self) -> Adapter:
        return SandboxAdapter(
            SandboxSettings(
                url=self.url,
                key_primary=SecretStr(KEYS["primary"]),
                key_secondary=SecretStr(KEYS["secondary"]),
                webhook_secret=SecretStr(WEBHOOK_SECRET),
            )
        )


def settings_of(ward: Ward, ground: Ground) -> Settings:
    return Settings(
        profile="sandbox",
        postgres=Postgres.model_validate({"url": ground.postgres, "pool_size": 6}),
        temporal=Temporal(address=ground.temporal, core_queue=ward.queue),
        routing=RoutingSettings(
            accounts=[Account(psp=ward.psp, id=account, holds=[HELD_FIRST]) for account in KEYS]
        ),
    )


@asynccontextmanager
async def at_work(
    ward: Ward, ground: Ground, client: Client, points: CrashPoints
) -> AsyncIterator[None]:
    """Workers as in production, with every point in sight."""
    settings = settings_of(ward, ground)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(await open_pool(settings.postgres))
        catalog = Catalog({ward.psp: Speaking(ward.psp, ground.psp)})
        stack.push_async_callback(catalog.aclose)
        answered = answers(settings, pool, catalog, points=points)
        calls = psp_worker(client, settings, ward.psp, answered.psp, points)
        await stack.enter_async_context(calls)
        await stack.enter_async_context(core_worker(client, settings, answered.core, points))
        yield
