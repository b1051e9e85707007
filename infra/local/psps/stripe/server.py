"""The calls of the lookalike of Stripe, its pages, and what may be ordered of it."""

from __future__ import annotations

from starlette.routing import Route

from infra.local.psps.base.context import Context, Dialect
from infra.local.psps.stripe import errors, lists, parameters, refunding, rules, sessions
from infra.local.psps.stripe.commands import Commands
from infra.local.psps.stripe.endpoint import Endpoint
from infra.local.psps.stripe.hosted import HostedPages
from infra.local.psps.stripe.store import Store


def build(context: Context) -> Dialect:
    store = Store(context)
    return Dialect(
        routes=[
            *_v1(Endpoint(store)),
            *HostedPages(store).routes(),
            *Commands(store).routes(),
        ],
        answer=errors.answer,
        sign=store.sign,
    )


def _v1(endpoint: Endpoint) -> list[Route]:
    intents, pages = "/payment_intents", "/checkout/sessions"
    calls = [
        ("POST", intents, rules.create, parameters.CREATE),
        ("GET", intents, lists.intents, parameters.INTENTS),
        ("GET", f"{intents}/search", lists.search, parameters.SEARCH),
        ("GET", f"{intents}/{{id}}", rules.retrieve, parameters.RETRIEVE),
        ("POST", f"{intents}/{{id}}/confirm", rules.confirm, parameters.CONFIRM),
        ("POST", f"{intents}/{{id}}/capture", rules.capture, parameters.CAPTURE),
        ("POST", f"{intents}/{{id}}/cancel", rules.cancel, parameters.CANCEL),
        ("POST", pages, sessions.create, parameters.SESSION),
        ("GET", pages, lists.sessions, parameters.SESSIONS),
        ("GET", f"{pages}/{{id}}", sessions.retrieve, parameters.RETRIEVE),
        ("POST", f"{pages}/{{id}}/expire", sessions.expire, parameters.EXPIRE),
        ("GET", "/charges/{id}", rules.retrieve_charge, parameters.RETRIEVE),
        ("POST", "/refunds", refunding.create, parameters.REFUND),
        ("GET", "/refunds", lists.refunds, parameters.REFUNDS),
        ("GET", "/refunds/{id}", refunding.retrieve, parameters.RETRIEVE),
        (
            "GET",
            "/balance_transactions",
            lists.balance_transactions,
            parameters.TRANSACTIONS,
        ),
    ]
    return [
        Route(f"/v1{path}", endpoint.handler(rule, known), methods=[method])
        for method, path, rule, known in calls
    ]
