"""The application: every noun's routes, the problems, the contract, and the parts behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send
from temporalio.client import Client

from activities.psp.catalog import Catalog
from activities.registry.absent import found_left_behind
from activities.registry.requests import Requests
from activities.seals.keys import SealKeys
from activities.settings import Settings
from api import webhooks
from api.cashier import approvals, intents, oneshot, payouts, refunds, stream
from api.cashier.parts import CashierParts
from api.http import errors, health
from api.http.access import Access
from api.http.errors import FieldError, Problem
from api.http.ground import Ground
from api.http.headers import policy_of_page
from api.http.openapi import published
from api.http.refusals import Refusals
from api.http.runs import Runs
from api.http.shares import Sharing
from api.http.tracing import Tracing
from api.operations import (
    actions,
    audit,
    cases,
    declines,
    outgoing_events,
    risk,
    search,
    security_events,
    wallet,
    webhook_types,
    webhooks_heard,
)
from api.operations.parts import OperationsParts
from api.routing import (
    accounts,
    changes,
    chargebacks,
    estimates,
    experiments,
    policies,
    rates,
    receipts,
    stops,
    switches,
)
from api.routing import health as psp_health
from api.routing.parts import RoutingParts
from infra.postgres import engine, open_pool
from infra.settings import Postgres
from infra.temporal import connect

DESCRIPTION = """
Deposits, payouts and refunds of players, over many payment service providers.

* Every write carries `X-Idempotency-Key`. The first answer is 201 (done) or 202 (still moving).
  The same key with the same request gives the same body again, with 200 and
  `Idempotent-Replayed: true`; with another request it is a 409. After a 503 or a lost
  connection repeat the request with the same key.
* `X-Trace-Id` is taken or made, returned, and found on the run, in the logs and at the PSP.
* A `redirect_url` is the PSP's page: send the player there. When they come back on your
  `return_url`, send its query to the intent's `complete`, for every PSP alike.
* Amounts are decimal strings with at most the currency's places: `{"amount": "50.00",
  "currency": "EUR"}`.
* Your own `reference` and `metadata` come back on every answer and event, and find the payment:
  `GET /v1/payments?q=` takes them, any id of ours, and whatever a PSP calls it.
* Errors are problems by RFC 9457: branch on `type`.
* Card numbers and IBANs are refused wherever they appear: send the PSP's tokens.
"""
_NOUNS = (
    intents,
    stream,
    refunds,
    payouts,
    approvals,
    wallet,
    search,
    outgoing_events,
    risk,
    switches,
    accounts,
    policies,
    estimates,
    changes,
    receipts,
    experiments,
    chargebacks,
    psp_health,
    stops,
    rates,
    cases,
    security_events,
    actions,
    webhook_types,
    webhooks_heard,
    declines,
    audit,
    oneshot,
    webhooks,
    health,
)
_DOCS = Path(__file__).with_name("docs.html")
_PSPS_DOOR = Tracing(webhooks.at_the_door)


class _Application(FastAPI):
    """The PSPs' door stands before the framework: nothing that a webhook has no use for is run."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if webhooks.comes_to_the_door(scope):
            scope["app"] = self
            return await _PSPS_DOOR(scope, receive, send)
        return await super().__call__(scope, receive, send)


def create_app(settings: Settings, catalog: Catalog | None = None) -> FastAPI:
    """The ASGI application. It opens its connections when it starts and closes them at the end.

    Without a catalog it hears the PSPs of the settings' merchant accounts.
    """
    app = _Application(
        title="Paysaga",
        summary="The cashier's API",
        description=DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.catalog = catalog
    app.add_middleware(Sharing)
    app.add_middleware(Refusals)
    app.add_middleware(Tracing)
    app.add_exception_handler(Problem, errors.answer_problem)
    app.add_exception_handler(RequestValidationError, _bad_address)
    app.add_exception_handler(HTTPException, _no_route)
    for noun in _NOUNS:
        app.include_router(noun.router)
    app.add_api_route("/docs", _docs, include_in_schema=False)
    app.openapi = partial(published, app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        ground = app.state.ground = await _ground(app, stack)
        app.state.cashier = CashierParts.of(ground)
        app.state.routing = RoutingParts.of(ground)
        app.state.operations = OperationsParts.of(ground)
        app.state.webhooks = webhooks.WebhookParts.of(ground, stack)
        yield


async def _ground(app: FastAPI, stack: AsyncExitStack) -> Ground:
    settings: Settings = app.state.settings
    pool, house, reading = await _database(settings.postgres, stack)
    access = Access.of(settings, house, stack)
    certified = settings.profile == "production"
    catalog: Catalog = app.state.catalog or Catalog.of_hearing(settings.psps, certified=certified)
    stack.push_async_callback(catalog.aclose)
    # Lazy: whoever only reads is served while Temporal is down.
    client = await connect(settings.temporal, lazy=True)
    return Ground(
        settings=settings,
        pool=pool,
        house=house,
        engine=reading,
        temporal=client,
        runs=_runs(client, settings),
        access=access,
        requests=Requests(pool),
        catalog=catalog,
        left_behind=await found_left_behind(house, catalog.names),
    )


async def _database(
    at: Postgres, stack: AsyncExitStack
) -> tuple[asyncpg.Pool, asyncpg.Pool, AsyncEngine]:
    """For what callers ask, for the house itself, and for what callers read."""
    pool = await stack.enter_async_context(await open_pool(at, "as_told"))
    house = await stack.enter_async_context(await open_pool(at, "everything"))
    reading = engine(at, "as_told")
    stack.push_async_callback(reading.dispose)
    return pool, house, reading


def _runs(client: Client, settings: Settings) -> Runs:
    seals = SealKeys(settings.seal_keys)
    return Runs(client, settings.temporal.core_queue, settings.api.answer_seconds, seals)


async def _bad_address(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    problems = [FieldError(str(e["loc"][-1]), str(e["msg"])) for e in error.errors()[:20]]
    return errors.response(errors.invalid(*problems))


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == 405:
        allowed = ", ".join(_methods_of(request))
        problem = Problem(
            405,
            "method-not-allowed",
            "Not that way",
            f"the address exists, the method does not; it takes {allowed}",
            headers={"Allow": allowed},
        )
    else:
        problem = errors.not_found("address")
    return errors.response(problem)


def _methods_of(request: Request) -> list[str]:
    """All that the address takes: the framework names those of the first route alone."""
    place = {name: request.scope[name] for name in ("type", "path", "root_path", "headers")}
    return [
        method
        for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
        if any(
            route.matches({**place, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


async def _docs() -> Response:
    policy = policy_of_page(page := _DOCS.read_text())
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})
