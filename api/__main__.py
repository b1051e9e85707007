"""`python -m api`: serves the API until told to stop."""

from __future__ import annotations

import asyncio
import os
import sys

import uvicorn

from activities.migrations import wait_until_current
from activities.psp.catalog import Catalog, CatalogError
from api.app import create_app
from infra.observability import start_logging
from infra.settings import SettingsError, settings

_MAX_HEADER_BYTES = 16 * 1024


async def main() -> None:
    chosen = settings()
    start_logging(chosen.log, "api")
    catalog = Catalog.of(chosen.psps)
    await wait_until_current(chosen.postgres)
    config = uvicorn.Config(
        create_app(chosen, catalog),
        host=chosen.api.host,
        port=chosen.api.port,
        # This parser bounds headers; addresses go to no log, they can carry anything.
        http="h11",
        h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=20,
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (SettingsError, CatalogError) as wrong:
        sys.exit(str(wrong))
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(0)
