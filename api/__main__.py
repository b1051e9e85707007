"""`python -m api`: serves the API until told to stop."""

from __future__ import annotations

import asyncio
import os
import sys

import structlog
from temporalio.service import RPCError

from activities.migrations.grants import Who
from activities.migrations.standing import require_own_role
from activities.migrations.waiting import wait_until_current
from activities.psp.catalog import Catalog, CatalogError
from activities.settings import settings
from api.app import create_app
from api.http.server import server
from infra.listening import taken
from infra.namespace import require
from infra.observability import start_logging
from infra.running import run, settle_memory
from infra.settings import SettingsError, Temporal
from infra.temporal import connect, wrong_setting

_PATIENCE_SECONDS = 5.0
"""Whoever only reads is served while Temporal is down: it is not waited for."""

log = structlog.get_logger("paysaga.api")


async def main() -> None:
    """Takes the port before the database is waited for. Raises SettingsError or CatalogError."""
    chosen = settings()
    start_logging(chosen.log, "api")
    with taken(chosen.api.host, chosen.api.port, "PAYSAGA_API") as door:
        catalog = Catalog.of_hearing(chosen.psps, certified=chosen.profile == "production")
        _ = chosen.seal_keys
        await wait_until_current(chosen.postgres)
        await require_own_role(chosen, Who.API)
        await _refuse_a_wrong_namespace(chosen.temporal)
        app = create_app(chosen, catalog)
        settle_memory()
        await server(app, chosen.api).serve(sockets=[door])


async def _refuse_a_wrong_namespace(at: Temporal) -> None:
    """Raises SettingsError for what no waiting mends."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await require(await connect(at))
    except (RPCError, RuntimeError, TimeoutError) as down:
        if wrong := wrong_setting(down):
            raise wrong from None
        log.warning("temporal_unreachable", setting="PAYSAGA_TEMPORAL_ADDRESS")


if __name__ == "__main__":
    try:
        run(main())
    except (SettingsError, CatalogError) as wrong:
        sys.exit(str(wrong))
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(0)
