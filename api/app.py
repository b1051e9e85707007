"""The application: every noun's routes, the problems, the contract, and the parts behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from activities.access.credentials import Credentials
from activities.audit.auditor import Auditor
from activities.cases.reads import CaseReads
from activities.inbox.inbox import Inbox
from activities.inbox.security import SecurityLog
from activities.inbox.webhook_types import WebhookTypes
from activities.notices.feed import Feed
from activities.psp.catalog import Catalog
from activities.registry.declines import DeclineReads
from activities.registry.reads import RegistryReads
from activities.registry.requests import Requests
from activities.risk.players import RiskPlayers
from activities.routing.breakers import Breakers
from activities.routing.changes import Changes
from activities.routing.estimates import Estimates
from activities.routing.rates import Rates
from activities.routing.snapshot import Snapshots
from activities.routing.stops import Stops
from activities.routing.switches import Switches
from activities.wallet.reads import WalletReads
from api import (
    audit,
    cases,
    declines,
    errors,
    events,
    health,
    intents,
    notices,
    oneshot,
    payouts,
    refunds,
    risk,
    routing,
    routing_accounts,
    routing_changes,
    routing_chargebacks,
    routing_estimates,
    routing_experiments,
    routing_health,
    routing_policies,
    routing_rates,
    routing_receipts,
    routing_stops,
    security,
    wallet,
    webhook_types,
    webhooks,
)
from api.auth import Door
from api.dependencies import Parts
from api.errors import FieldError, Problem
from api.openapi import published
from api.runs import Runs
from api.tracing import Tracing
from infra.postgres import engine, open_pool
from infra.settings import Settings
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
* Errors are problems by RFC 9457: branch on `type`.
* Card numbers and IBANs are refused wherever they appear: send the PSP's tokens.
"""
_NOUNS = (
    intents,
    events,
    refunds,
    payouts,
    wallet,
    notices,
    risk,
    routing,
    routing_accounts,
    routing_policies,
    routing_estimates,
    routing_changes,
    routing_receipts,
    routing_experiments,
    routing_chargebacks,
    routing_health,
    routing_stops,
    routing_rates,
    cases,
    security,
    webhook_types,
    declines,
    audit,
    oneshot,
    webhooks,
    health,
)
_DOCS = Path(__file__).with_name("docs.html")


def create_app(settings: Settings, catalog: Catalog | None = None) -> FastAPI:
    """The ASGI application. It opens its connections when it starts and closes them at the end.

    Without a catalog it hears the PSPs of the settings' merchant accounts.
    """
    app = FastAPI(
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
    app.add_middleware(webhooks.ShortWay)
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
        app.state.parts = await _parts(app, stack)
        yield


async def _parts(app: FastAPI, stack: AsyncExitStack) -> Parts:
    settings: Settings = app.state.settings
    pool = await stack.enter_async_context(await open_pool(settings.postgres))
    reading = engine(settings.postgres)
    stack.push_async_callback(reading.dispose)
    refusals = SecurityLog(pool, reading, settings.inbox.security_seconds)
    stack.push_async_callback(refusals.aclose)
    certified = settings.profile == "production"
    catalog: Catalog = app.state.catalog or Catalog.of(settings.psps, certified=certified)
    stack.push_async_callback(catalog.aclose)
    # Lazy: whoever only reads is served while Temporal is down.
    client = await connect(settings.temporal, lazy=True)
    snapshots = Snapshots(pool, settings.routing.accounts, catalog.pays_players)
    return Parts(
        settings=settings,
        pool=pool,
        engine=reading,
        runs=Runs(client, settings.temporal.core_queue, settings.api.answer_seconds),
        door=Door(Credentials(pool), settings.api.credential_cache_seconds),
        requests=Requests(pool),
        registry=RegistryReads(reading),
        wallet=WalletReads(reading),
        cases=CaseReads(reading),
        switches=Switches(pool),
        snapshots=snapshots,
        changes=Changes(pool, snapshots, settings.psps),
        estimates=Estimates(pool, snapshots),
        stops=Stops(pool),
        breakers=Breakers(pool),
        rates=Rates(pool, client),
        players=RiskPlayers(pool),
        feed=Feed(pool),
        inbox=Inbox(pool),
        security=refusals,
        types=WebhookTypes(pool, reading),
        declines=DeclineReads(reading),
        auditor=Auditor.of(settings, pool, client),
        catalog=catalog,
    )


async def _bad_address(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    told = [FieldError(str(e["loc"][-1]), str(e["msg"])) for e in error.errors()[:20]]
    return errors.response(errors.invalid(*told))


async def _no_route(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == 405:
        problem = Problem(
            405,
            "method-not-allowed",
            "Not that way",
            "the address exists, the method does not",
            headers=error.headers or {},
        )
    else:
        problem = errors.not_found("address")
    return errors.response(problem)


async def _docs() -> Response:
    return HTMLResponse(_DOCS.read_text())
