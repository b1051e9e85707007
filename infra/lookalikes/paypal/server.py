"""The calls of the lookalike of PayPal."""

from __future__ import annotations

from starlette.routing import Route

from infra.lookalikes.ground import Dialect, Ground
from infra.lookalikes.paypal import (
    errors,
    holding,
    notifications,
    ordering,
    paid,
    paying,
    refunding,
    reporting,
)
from infra.lookalikes.paypal.approving import ApprovalPage
from infra.lookalikes.paypal.books import Books
from infra.lookalikes.paypal.commands import Commands
from infra.lookalikes.paypal.desk import Desk

_ORDERS, _HELD = "/v2/checkout/orders", "/v2/payments/authorizations/{id}"
_TAKEN, _PAYOUTS = "/v2/payments/captures/{id}", "/v1/payments/payouts"
_ITEM, _NOTIFICATIONS = "/v1/payments/payouts-item/{id}", "/v1/notifications"


def build(ground: Ground) -> Dialect:
    books = Books(ground)
    page = ApprovalPage(books)
    certificate = notifications.certificate(books)
    return Dialect(
        routes=[
            *_calls(Desk(books)),
            Route("/v1/oauth2/token", books.tokens.issue, methods=["POST"]),
            Route(f"{_NOTIFICATIONS}/certs/{{id}}", certificate, methods=["GET"]),
            Route("/checkoutnow", page.show, methods=["GET"]),
            Route("/checkoutnow", page.answer, methods=["POST"]),
            *Commands(books).routes(),
        ],
        answer=errors.answer,
        sign=books.sign,
    )


def _calls(desk: Desk) -> list[Route]:
    calls = [
        ("POST", _ORDERS, ordering.create),
        ("GET", f"{_ORDERS}/{{id}}", ordering.retrieve),
        ("POST", f"{_ORDERS}/{{id}}/authorize", ordering.authorize),
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
    ]
    # A batch is known by its sender_batch_id, and a question about a webhook is none twice.
    unkeyed = [
        ("POST", _PAYOUTS, paying.create),
        ("POST", f"{_NOTIFICATIONS}/verify-webhook-signature", notifications.verify),
    ]
    return [
        *(Route(path, desk.endpoint(rule), methods=[verb]) for verb, path, rule in calls),
        *(
            Route(path, desk.endpoint(rule, keyed=False), methods=[verb])
            for verb, path, rule in unkeyed
        ),
    ]
