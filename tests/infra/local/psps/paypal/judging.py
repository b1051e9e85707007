"""The lookalike's answers and webhooks, held against PayPal's own descriptions of its APIs."""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from tests.activities.psp.descriptions import (
    Description,
    check_component,
    check_request,
    check_response,
    description,
)
from tests.infra.local.psps.paypal.merchant import Merchant

_FILES = {
    "/v2/checkout/": "checkout_orders_v2",
    "/v2/payments/": "payments_payment_v2",
    "/v1/payments/": "payments_payouts_batch_v1",
    "/v1/reporting/": "reporting_transactions_v1",
    "/v1/notifications/verify": "notifications_webhooks_v1",
    "/v1/customer/": "customer_disputes_v1",
}
_RESOURCES = {
    "checkout-order": ("checkout_orders_v2", "order"),
    "authorization": ("payments_payment_v2", "authorization-2"),
    "capture": ("payments_payment_v2", "capture-2"),
    "refund": ("payments_payment_v2", "refund"),
    "dispute": ("customer_disputes_v1", "dispute"),
    "payouts": ("payments_payouts_batch_v1", "payout_batch"),
    "payouts_item": ("payments_payouts_batch_v1", "payout_item-2"),
}


def described(name: str) -> Description:
    return description(f"paypal/{name}.json")


class Judge:
    def __init__(self) -> None:
        self.seen = set[tuple[str, str, int]]()

    async def __call__(self, response: httpx.Response) -> None:
        asked, path = response.request, response.request.url.path
        for prefix, name in _FILES.items():
            if path.startswith(prefix):
                body = await response.aread()
                at, status = described(name), response.status_code
                if status < 400:
                    query = asked.url.query.decode()
                    check_request(at, asked.method, path, query, asked.headers, asked.content)
                self._check(at, asked.method, path, status, response.headers, body)
                self.seen.add((asked.method, name, status))

    def _check(
        self, at: Description, verb: str, path: str, status: int, headers: Any, body: bytes
    ) -> None:
        if b'"INSTRUMENT_DECLINED"' in body and path.endswith("/authorize"):
            # Described of every other way to pay for an order, not of its authorization.
            path = path.removesuffix("/authorize") + "/capture"
        # The link to the batch of the same name stands in the detail, not beside it; where a 400
        # says which field is wrong is in one half of its description, the issue in the other.
        known = b"sender_batch_id already exists" not in body and b'"field"' not in body
        check_response(at, verb, path, status, headers, body, made_up=known)


async def types_of(merchant: Merchant, about: str, count: int) -> set[str]:
    """The types of the webhooks, each of which is as described."""
    types = set()
    for heard in await merchant.heard(about, count):
        event = heard.message
        check_component(described("notifications_webhooks_v1"), "event", heard.body)
        name, component = _RESOURCES[event["resource_type"]]
        check_component(described(name), component, orjson.dumps(event["resource"]))
        types.add(event["event_type"])
    return types
