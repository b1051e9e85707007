"""`python -m api`: serves the API until told to stop."""

from __future__ import annotations

import asyncio
import os
import sys

from activities.migrations import wait_until_current
from activities.psp.catalog import Catalog, CatalogError
from api.app import create_app
from api.server import server, settle_memory
from infra.observability import start_logging
from infra.settings import SettingsError, settings


async def main() -> None:
    chosen = settings()
    start_logging(chosen.log, "api")
    catalog = Catalog.of(chosen.psps, certified=chosen.profile == "production")
    await wait_until_current(chosen.postgres)
    app = create_app(chosen, catalog)
    settle_memory()
    await server(app, chosen.api).serve()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (SettingsError, CatalogError) as wrong:
        sys.exit(str(wrong))
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(0)
