"""The parts joined: routes in front, faults before them, the delivery of webhooks behind."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import AsyncIterator, Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from infra.lookalikes.control import Control
from infra.lookalikes.delivery import Delivery
from infra.lookalikes.faults import Faults
from infra.lookalikes.ground import Dialect, Ground, Refused
from infra.lookalikes.settings import Settings
from infra.lookalikes.stage import names
from infra.sandbox_psp.wire import Protocol, json_response

Build = Callable[[Ground], Dialect]
log = logging.getLogger("lookalike")


class NoSuchLookalike(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is no lookalike of {name}; there are: {', '.join(names())}")


async def serve(name: str, settings: Settings) -> None:
    """Until the process is told to stop. Raises NoSuchLookalike."""
    if name not in names():
        raise NoSuchLookalike(name)
    build: Build = importlib.import_module(f"infra.lookalikes.{name}.server").build
    app = application(build, settings)
    log.info("the lookalike of %s listens on %s", name, settings.url)
    await Server(app, settings).serve()


class Server(uvicorn.Server):
    """Tells those who wait on purpose that the process ends."""

    def __init__(self, app: Faults, settings: Settings) -> None:
        super().__init__(_configuration(app, settings))
        self._closing = app.closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._closing.set()


def _configuration(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Well above the callers': they must be the ones to drop idle connections.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )


def application(build: Build, settings: Settings) -> Faults:
    """To be made within a running event loop."""
    ground = Ground(settings.url, settings.credentials)
    dialect = build(ground)
    delivery = Delivery(str(settings.webhook_url), ground.outbox, dialect.sign, dialect.accepts)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        delivering = asyncio.create_task(delivery.run())
        yield
        ground.later.close()
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)

    async def no_such_call(_: Request, failure: Exception) -> Response:
        assert isinstance(failure, HTTPException)  # noqa: S101
        return dialect.answer(failure.status_code)

    app = Starlette(
        routes=[
            *dialect.routes,
            Route("/healthz", _health, methods=["GET"]),
            *Control(ground, lambda: faults).routes(),
        ],
        exception_handlers={HTTPException: no_such_call, Refused: _refuse},
        lifespan=lifespan,
    )
    faults = Faults(app, dialect.answer)
    return faults


async def _health(_: Request) -> Response:
    return json_response({"status": "ok"})


async def _refuse(_: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)  # noqa: S101
    return refused.response
