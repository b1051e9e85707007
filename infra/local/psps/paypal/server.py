"""The calls of the lookalike of PayPal."""

from __future__ import annotations

from starlette.routing import Route

from infra.local.psps.base.context import Context, Dialect
from infra.local.psps.paypal import (
    disputing,
    errors,
    holding,
    notifications,
    ordering,
    paid,
    paying,
    refunding,
    reporting,
)
from infra.local.psps.paypal.approving import ApprovalPage
from infra.local.psps.paypal.commands import Commands
from infra.local.psps.paypal.endpoint import Endpoint
from infra.local.psps.paypal.store import Store

_ORDERS, _HELD = "/v2/checkout/orders", "/v2/payments/authorizations/{id}"
_TAKEN, _PAYOUTS = "/v2/payments/captures/{id}", "/v1/payments/payouts"
_ITEM, _NOTIFICATIONS = "/v1/payments/payouts-item/{id}", "/v1/notifications"


def build(context: Context) -> Dialect:
    store = Store(context)
    page = ApprovalPage(store)
    certificate = notifications.certificate(store)
    return Dialect(
        routes=[
            *_calls(Endpoint(store)),
            Route("/v1/oauth2/token", store.tokens.issue, methods=["POST"]),
            Route(f"{_NOTIFICATIONS}/certs/{{id}}", certificate, methods=["GET"]),
            Route("/checkoutnow", page.show, methods=["GET"]),
            Route("/checkoutnow", page.answer, methods=["POST"]),
            *Commands(store).routes(),
        ],
        answer=errors.answer,
        sign=store.sign,
    )


def _calls(endpoint: Endpoint) -> list[Route]:
    calls = [
        ("POST", _ORDERS, ordering.create),
        ("GET", f"{_ORDERS}/{{id}}", ordering.retrieve),
        ("POST", f"{_ORDERS}/{{id}}/authorize", ordering.authorize),
        ("POST", f"{_ORDERS}/{{id}}/capture", ordering.capture),
        ("GET", _HELD, holding.retrieve),
        ("POST", f"{_HELD}/capture", holding.capture),
        ("POST", f"{_HELD}/void", holding.void),
        ("POST", f"{_HELD}/reauthorize", holding.reauthorize),
        ("GET", _TAKEN, refunding.retrieve_capture),
        ("POST", f"{_TAKEN}/refund", refunding.create),
        ("GET", "/v2/payments/refunds/{id}", refunding.retrieve),
        ("GET", f"{_PAYOUTS}/{{id}}", paid.retrieve_batch),
        ("GET", _ITEM, paid.retrieve_item),
        ("POST", f"{_ITEM}/cancel", paid.cancel),
        ("GET", "/v1/reporting/transactions", reporting.transactions),
        ("GET", "/v1/customer/disputes/{id}", disputing.retrieve),
        ("GET", f"{_NOTIFICATIONS}/webhooks-events/{{id}}", notifications.retrieve),
    ]
    # A batch is known by its sender_batch_id, and a question about a webhook is none twice.
    unkeyed = [
        ("POST", _PAYOUTS, paying.create),
        ("POST", f"{_NOTIFICATIONS}/verify-webhook-signature", notifications.verify),
    ]
    return [
        *(Route(path, endpoint.handler(rule), methods=[verb]) for verb, path, rule in calls),
        *(
            Route(path, endpoint.handler(rule, keyed=False), methods=[verb])
            for verb, path, rule in unkeyed
        ),
    ]
