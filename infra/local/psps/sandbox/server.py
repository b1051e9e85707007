"""The calls of the sandbox PSP, and what it keeps its truth in."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping

from starlette.routing import Route

from infra.local.psps.base.context import Context, Dialect
from infra.local.psps.base.faults import Faults
from infra.local.psps.base.idempotency import Answers
from infra.local.psps.base.journal import Journal
from infra.local.psps.base.orders import Manners
from infra.local.psps.base.outbox import Event, Outbox
from infra.local.psps.base.server import FakePsp, joined
from infra.local.psps.sandbox import bodies, errors, kept, rules
from infra.local.psps.sandbox.commands import Commands
from infra.local.psps.sandbox.database import Database
from infra.local.psps.sandbox.endpoint import Endpoint
from infra.local.psps.sandbox.errors import SandboxError
from infra.local.psps.sandbox.faults import Fault
from infra.local.psps.sandbox.hosted import HostedPage
from infra.local.psps.sandbox.modes import CurrentModes
from infra.local.psps.sandbox.promises import keep_promises
from infra.local.psps.sandbox.settings import Settings
from infra.local.psps.sandbox.signing import Signer
from infra.local.psps.sandbox.store import Store

_AT_ONCE = 16


def sandbox(settings: Settings, database: Database) -> FakePsp:
    """To be made within a running event loop."""
    context = Context(
        settings.url,
        settings.credentials,
        journal=Journal(kept.Entries(database)),
        outbox=Outbox(kept.Events(database), first_pause=0.5, longest_pause=60.0),
        answers=Answers(kept.Answers(database)),
    )
    dialect = build(context, database, Signer(settings))
    return joined(context, dialect, str(settings.webhook_url))


def build(context: Context, database: Database, signer: Signer) -> Dialect:
    modes = CurrentModes(database, signer)
    faults = Faults(Fault, kept.Orders(database))
    store = Store(context, database, modes)
    return Dialect(
        routes=[
            *_v1(Endpoint(store, modes, faults)),
            *HostedPage(store).routes(),
            *modes.routes(),
            *Commands(store).routes(),
        ],
        answer=errors.answer,
        no_such_call=errors.no_such_call,
        sign=lambda event: _headers(signer, modes, event),
        at_once=_AT_ONCE,
        faults=faults,
        manners=Manners(bodies.read, SandboxError),
        loops=[lambda: keep_promises(store)],
        passing=(sqlite3.Error,),
        check=lambda: database.row("SELECT 1"),
        close=database.close,
    )


def _v1(endpoint: Endpoint) -> list[Route]:
    write = endpoint.write
    calls = {
        "/authorizations": write("authorization", bodies.Authorization, rules.authorize),
        "/authorizations/{id}/captures": write("capture", bodies.Capture, rules.capture),
        "/authorizations/{id}/voids": write("void", bodies.Void, rules.void),
        "/voids": write("void", bodies.VoidByReference, rules.void_by_reference),
        "/captures/{id}/refunds": write("refund", bodies.Refund, rules.refund),
        "/payouts": write("payout", bodies.Payout, rules.pay_out),
    }
    posts = [Route(f"/v1{path}", call, methods=["POST"]) for path, call in calls.items()]
    return [*posts, Route("/v1/operations", endpoint.status, methods=["GET"])]


def _headers(signer: Signer, modes: CurrentModes, event: Event) -> Mapping[str, str]:
    signed = signer.headers(modes.now.signing, event.id, event.body, int(time.time()))
    return {"User-Agent": "sandbox-psp/1", **signed}
