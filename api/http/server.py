"""The HTTP server: one protocol, our bounds, and nobody's word about addresses but ours."""

from __future__ import annotations

from typing import Any

import uvicorn

from api.http.connection import BoundedHttp
from infra.settings import Api


def server(app: Any, at: Api) -> uvicorn.Server:
    """Addresses go to no log: they can carry anything."""
    config = uvicorn.Config(
        app,
        host=at.host,
        port=at.port,
        # Whoever serves runs the loop, and chooses it (`infra.running`).
        loop="none",
        http=BoundedHttp,
        ws="none",
        # `api.http.sources` decides whom to believe; uvicorn believes whoever is on this machine.
        proxy_headers=False,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=20,
    )
    return uvicorn.Server(config)
