"""The parts joined: routes in front, faults before them, what it does unasked behind."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from infra.local.psps.base.context import Context, Dialect, in_memory
from infra.local.psps.base.control import Control
from infra.local.psps.base.delivery import Delivery
from infra.local.psps.base.faults import Faults
from infra.local.psps.base.memory import OrdersInMemory
from infra.local.psps.base.profile import names
from infra.local.psps.base.settings import Settings
from infra.local.psps.base.wire import Refused, json_response
from infra.local.psps.base.wire_faults import FaultyWire, WireFault

Build = Callable[[Context], Dialect]
_PAUSE_SECONDS = 1.0
log = logging.getLogger("fake_psp")


@dataclass(frozen=True)
class FakePsp:
    app: ASGIApp
    closing: asyncio.Event
    """To be set when the process ends."""


class NoSuchLookalike(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is no lookalike of {name}; there are: {', '.join(names())}")


def find(name: str) -> Build:
    """Raises NoSuchLookalike."""
    if name not in names():
        raise NoSuchLookalike(name)
    build: Build = importlib.import_module(f"infra.local.psps.{name}.server").build
    return build


def lookalike(build: Build, settings: Settings) -> FakePsp:
    """To be made within a running event loop, as `joined`."""
    context = in_memory(settings.url, settings.credentials)
    return joined(context, build(context), str(settings.webhook_url))


def joined(context: Context, dialect: Dialect, webhook_url: str) -> FakePsp:
    on_the_wire = Faults(WireFault, OrdersInMemory())
    faults = on_the_wire if dialect.faults is None else dialect.faults
    control = Control(context, faults, dialect.manners)
    app: ASGIApp = Starlette(
        routes=[
            *dialect.routes,
            Route("/healthz", _health(dialect), methods=["GET"]),
            *control.routes(),
        ],
        exception_handlers={HTTPException: _no_such_call(dialect), Refused: _refuse},
        lifespan=_lifespan(context, dialect, webhook_url),
    )
    if dialect.faults is None:
        app = FaultyWire(app, context, on_the_wire, dialect.answer)
    return FakePsp(app, context.closing)


def _lifespan(
    context: Context, dialect: Dialect, webhook_url: str
) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    delivery = Delivery(webhook_url, context.outbox, dialect.sign, dialect.accepts, dialect.at_once)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        works = [*dialect.loops, delivery.run]
        loops = [asyncio.create_task(_always(work, dialect.passing)) for work in works]
        yield
        context.later.close()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        dialect.close()

    return lifespan


async def _always(
    work: Callable[[], Awaitable[None]], passing: tuple[type[Exception], ...]
) -> None:
    """A disk that is full for a moment must not end what is done unasked for good."""
    while True:
        try:
            await work()
        except passing:
            log.exception("it failed, and is begun anew")
            await asyncio.sleep(_PAUSE_SECONDS)


def _health(dialect: Dialect) -> Callable[[Request], Awaitable[Response]]:
    async def health(_: Request) -> Response:
        dialect.check()
        return json_response({"status": "ok"})

    return health


def _no_such_call(dialect: Dialect) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def no_such_call(_: Request, failure: Exception) -> Response:
        assert isinstance(failure, HTTPException)  # noqa: S101
        if dialect.no_such_call is not None:
            return dialect.no_such_call(failure)
        return dialect.answer(failure.status_code)

    return no_such_call


async def _refuse(_: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)  # noqa: S101
    return refused.response
