"""What somebody at Adyen, at the shopper's bank or time itself would do, by order.

`POST /_control/adyen/<command>` with JSON; a `reference` is the one in the journal.

refund-reversed {reference}: the bank returns a refund → REFUNDED_REVERSED
payout-reversed {reference}: the bank returns a payout → PAIDOUT_REVERSED
payout-expired {reference}: nobody confirmed it in time → PAYOUT_EXPIRE
batch {account}: a settlement batch is closed → REPORT_AVAILABLE
items {size}: so many items go in one delivery of webhooks
"""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.lookalikes.adyen import payouts, refunding, reports
from infra.lookalikes.adyen.books import Books
from infra.lookalikes.adyen.things import Payout, new_reference
from infra.lookalikes.control import Endpoint, from_loopback
from infra.lookalikes.ground import Refused
from infra.sandbox_psp.wire import json_response


class Commands:
    def __init__(self, books: Books) -> None:
        self._books = books

    def routes(self) -> list[Route]:
        told: dict[str, Endpoint] = {
            "refund-reversed": self.reverse_refund,
            "payout-reversed": self.reverse_payout,
            "payout-expired": self.expire_payout,
            "batch": self.close_batch,
            "items": self.fill,
        }
        return [
            Route(f"/_control/adyen/{name}", from_loopback(endpoint), methods=["POST"])
            for name, endpoint in told.items()
        ]

    async def reverse_refund(self, request: Request) -> Response:
        reference = await _text(request, "reference")
        for by in self._books.refunds:
            if by.journal_reference == reference:
                refunding.send_back(self._books, by)
                return json_response({"reversed": by.psp_reference})
        raise _wrong("no such refund came through", 404)

    async def reverse_payout(self, request: Request) -> Response:
        payout = await self._payout(request, "paid")
        payouts.send_back(self._books, payout)
        return json_response({"reversed": payout.psp_reference})

    async def expire_payout(self, request: Request) -> Response:
        payout = await self._payout(request, "submitted")
        payout.state = "expired"
        payouts.end(self._books, payout, new_reference(), "PAYOUT_EXPIRE")
        return json_response({"expired": payout.psp_reference})

    async def close_batch(self, request: Request) -> Response:
        account = await _text(request, "account")
        if account not in self._books.ground.credentials:
            raise _wrong("no such account", 404)
        return json_response({"file": reports.close_batch(self._books, account)})

    async def fill(self, request: Request) -> Response:
        size = (await _json(request)).get("size")
        if not isinstance(size, int) or not 1 <= size <= 100:
            raise _wrong("size must be 1 to 100")
        self._books.notices.size = size
        return json_response({"size": size})

    async def _payout(self, request: Request, state: str) -> Payout:
        reference = await _text(request, "reference")
        for payout in self._books.payouts.values():
            if (payout.reference, payout.state) == (reference, state):
                return payout
        raise _wrong(f"no payout of this reference is {state}", 404)


async def _json(request: Request) -> dict[str, object]:
    try:
        read = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise _wrong("must be JSON") from None
    return read if isinstance(read, dict) else {}


async def _text(request: Request, name: str) -> str:
    told = (await _json(request)).get(name)
    if isinstance(told, str) and told:
        return told
    raise _wrong(f"{name} is missing")


def _wrong(told: str, status: int = 422) -> Refused:
    return Refused(json_response({"error": told}, status))
