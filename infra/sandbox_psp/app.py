"""The parts joined: routes in front, the two loops (promises, webhooks) behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.sandbox_psp import bodies, rules
from infra.sandbox_psp.books import Books
from infra.sandbox_psp.control import Control
from infra.sandbox_psp.delivery import Delivery
from infra.sandbox_psp.desk import Desk
from infra.sandbox_psp.faults import Faults
from infra.sandbox_psp.hosted import HostedPage
from infra.sandbox_psp.modes import CurrentModes
from infra.sandbox_psp.outbox import Outbox
from infra.sandbox_psp.promises import keep_promises
from infra.sandbox_psp.settings import Settings
from infra.sandbox_psp.signing import Signer
from infra.sandbox_psp.store import Store
from infra.sandbox_psp.wire import Refused, json_response

_PAUSE_SECONDS = 1.0
log = logging.getLogger("sandbox_psp")


class SandboxPsp:
    """`app` answers; `closing` tells it that the process ends."""

    def __init__(self, settings: Settings, store: Store) -> None:
        modes, outbox, faults = CurrentModes(store), Outbox(store), Faults(store)
        self._store = store
        self._books = Books(store, modes, outbox, settings.url)
        self._desk = Desk(settings, self._books, modes, faults)
        signer = Signer(settings)
        self._delivery = Delivery(str(settings.webhook_url), signer, modes, outbox)
        pages = HostedPage(self._books)
        control = Control(store, modes, faults, outbox, signer)
        self.closing = self._desk.closing
        self.app = Starlette(
            routes=[
                *self._v1(),
                Route("/pay/{id}", pages.show, methods=["GET"]),
                Route("/pay/{id}", pages.answer, methods=["POST"]),
                Route("/healthz", self._health, methods=["GET"]),
                *control.routes(),
            ],
            exception_handlers={HTTPException: _no_such_call},
            lifespan=self._lifespan,
        )

    def _v1(self) -> list[Route]:
        write = self._desk.write
        calls = {
            "/authorizations": write("authorization", bodies.Authorization, rules.authorize),
            "/authorizations/{id}/captures": write("capture", bodies.Capture, rules.capture),
            "/authorizations/{id}/voids": write("void", bodies.Void, rules.void),
            "/voids": write("void", bodies.VoidByReference, rules.void_by_reference),
            "/captures/{id}/refunds": write("refund", bodies.Refund, rules.refund),
            "/payouts": write("payout", bodies.Payout, rules.pay_out),
        }
        posts = [Route(f"/v1{path}", call, methods=["POST"]) for path, call in calls.items()]
        return [*posts, Route("/v1/operations", self._desk.status, methods=["GET"])]

    async def _health(self, _: Request) -> Response:
        self._store.row("SELECT 1")
        return json_response({"status": "ok"})

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        loops = [
            asyncio.create_task(_always(lambda: keep_promises(self._books))),
            asyncio.create_task(_always(self._delivery.run)),
        ]
        yield
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        self._store.close()


async def _always(work: Callable[[], Awaitable[None]]) -> None:
    """A disk that is full for a moment must not end the promises and webhooks for good."""
    while True:
        try:
            await work()
        except sqlite3.Error:
            log.exception("the database failed")
            await asyncio.sleep(_PAUSE_SECONDS)


async def _no_such_call(_: Request, failure: Exception) -> Response:
    assert isinstance(failure, HTTPException)  # noqa: S101
    return Refused(failure.status_code, "no_such_call", failure.detail, failure.headers).response()
