"""What somebody at Adyen, at the shopper's bank or time itself would do, by order.

`POST /_control/adyen/<command>` with JSON; a `reference` is the one in the journal.

refund-reversed {reference}: the bank returns a refund → REFUNDED_REVERSED
payout-reversed {reference}: the bank returns a payout → PAIDOUT_REVERSED, or a transfer
payout-expired {reference}: nobody confirmed it in time → PAYOUT_EXPIRE
capture, cancel, refund, reverse {reference, value?}: by hand in the Customer Area
expire {reference}: what is still held lapses → EXPIRE
chargeback {reference}: the bank takes the money back; the second time → SECOND_CHARGEBACK
chargeback-reversed {reference}: and gives it back
refusal {path, status, code, kind, times?}: the next POSTs of that path are refused so, unexecuted
batch {account}: a settlement batch is closed → REPORT_AVAILABLE
items {size}: so many items go in one delivery of webhooks
"""

from __future__ import annotations

from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.adyen import by_hand, payouts, refunding, reports, transfers
from infra.local.psps.adyen.models import Payment, Payout, new_reference
from infra.local.psps.adyen.store import Refusal, Store
from infra.local.psps.base.orders import Handler, from_loopback
from infra.local.psps.base.wire import Refused, json_response

_BY_HAND = {
    "capture": by_hand.capture,
    "cancel": by_hand.cancel,
    "refund": by_hand.refund,
    "reverse": by_hand.reverse,
    "expire": by_hand.expire,
    "chargeback": by_hand.charge_back,
    "chargeback-reversed": by_hand.reverse_chargeback,
}


class Commands:
    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        handlers: dict[str, Handler] = {
            "refund-reversed": self.reverse_refund,
            "payout-reversed": self.reverse_payout,
            "payout-expired": self.expire_payout,
            "refusal": self.refuse,
            "batch": self.close_batch,
            "items": self.fill,
        }
        handlers |= {name: self._by_hand(done) for name, done in _BY_HAND.items()}
        return [
            Route(f"/_control/adyen/{name}", from_loopback(handler), methods=["POST"])
            for name, handler in handlers.items()
        ]

    def _by_hand(self, done: Callable[[Store, Payment, int | None], str]) -> Handler:
        async def handle(request: Request) -> Response:
            asked = await _json(request)
            payment = by_hand.find(self._store, str(asked.get("reference") or ""))
            value = asked.get("value")
            if payment is None:
                raise _wrong("no authorised payment has this reference", 404)
            made = done(self._store, payment, value if isinstance(value, int) else None)
            return json_response({"pspReference": made, "payment": payment.psp_reference})

        return handle

    async def refuse(self, request: Request) -> Response:
        asked = await _json(request)
        times = asked.get("times", 1)
        status = asked.get("status", 500)
        if not isinstance(times, int) or not isinstance(status, int):
            raise _wrong("times and status must be numbers")
        path, code = str(asked.get("path", "")), str(asked.get("code", "905"))
        refusal = Refusal(path, status, code, str(asked.get("kind", "configuration")))
        self._store.refusals += [refusal] * times
        return json_response({"refusals": len(self._store.refusals)})

    async def reverse_refund(self, request: Request) -> Response:
        reference = await _text(request, "reference")
        for by in self._store.refunds:
            if by.journal_reference == reference:
                refunding.send_back(self._store, by)
                return json_response({"reversed": by.psp_reference})
        raise _wrong("no such refund came through", 404)

    async def reverse_payout(self, request: Request) -> Response:
        reference = await _text(request, "reference")
        for transfer in self._store.transfers.values():
            if (transfer.reference, transfer.status) == (reference, "booked"):
                transfers.send_back(self._store, transfer)
                return json_response({"reversed": transfer.id})
        payout = await self._payout(request, "paid")
        payouts.send_back(self._store, payout)
        return json_response({"reversed": payout.psp_reference})

    async def expire_payout(self, request: Request) -> Response:
        payout = await self._payout(request, "submitted")
        payout.state = "expired"
        payouts.end(self._store, payout, new_reference(), "PAYOUT_EXPIRE")
        return json_response({"expired": payout.psp_reference})

    async def close_batch(self, request: Request) -> Response:
        account = await _text(request, "account")
        if account not in self._store.context.credentials:
            raise _wrong("no such account", 404)
        return json_response({"file": reports.close_batch(self._store, account)})

    async def fill(self, request: Request) -> Response:
        size = (await _json(request)).get("size")
        if not isinstance(size, int) or not 1 <= size <= 100:
            raise _wrong("size must be 1 to 100")
        self._store.notices.size = size
        return json_response({"size": size})

    async def _payout(self, request: Request, state: str) -> Payout:
        reference = await _text(request, "reference")
        for payout in self._store.payouts.values():
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
    value = (await _json(request)).get(name)
    if isinstance(value, str) and value:
        return value
    raise _wrong(f"{name} is missing")


def _wrong(message: str, status: int = 422) -> Refused:
    return Refused(json_response({"error": message}, status))
