"""What may be ordered of this lookalike alone, under `/_control`.

GET tokens: all that were ever issued
POST tokens {"expires_in": 2}: tokens from now on live so many seconds
POST tokens/revoke: no token that was issued is good any more
POST payouts-item/{id}/claim, /return: the end of an unclaimed item
POST payouts-item/{id}/release: of one on hold
POST by-hand/{deed} {"about": "in_7", "amount": "10.00"}: what people and time do there. `about` is
PayPal's id of it, or how the merchant's reference of the payment begins; without an amount all of
it. Of a hold: void, lapse, capture. Of a capture: refund, reverse (a chargeback without a dispute),
dispute. Of a dispute: win, lose. Of an order that nobody approved: expire
POST refusals {"path": "/capture$", "status": 403, "issue": "PERMISSION_DENIED"}: the next such call
is refused in PayPal's words, and not executed. GET refusals, DELETE refusals
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.base.orders import from_loopback
from infra.local.psps.base.wire import json_response
from infra.local.psps.paypal import amounts, paying
from infra.local.psps.paypal.by_hand import DEEDS, Impossible
from infra.local.psps.paypal.ordered import Refusal
from infra.local.psps.paypal.store import Store

_ENDINGS = {
    "claim": ("UNCLAIMED", "SUCCESS"),
    "return": ("UNCLAIMED", "RETURNED"),
    "release": ("ONHOLD", "SUCCESS"),
}


class Lifetime(BaseModel):
    model_config = ConfigDict(extra="forbid")

    expires_in: Annotated[int, Field(ge=0, le=86_400)]


class About(BaseModel):
    model_config = ConfigDict(extra="forbid")

    about: Annotated[str, Field(min_length=1)]
    amount: str | None = None
    """As PayPal writes it."""
    currency: str = "EUR"
    """Of the amount."""


class Commands:
    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        routes = [
            ("GET", "/tokens", self.tokens),
            ("POST", "/tokens", self.change_tokens),
            ("POST", "/tokens/revoke", self.revoke_tokens),
            ("POST", "/payouts-item/{id}/{ending}", self.end_item),
            ("POST", "/by-hand/{deed}", self.do_by_hand),
            ("GET", "/refusals", self.refusals),
            ("POST", "/refusals", self.order_refusal),
            ("DELETE", "/refusals", self.delete_refusals),
        ]
        return [
            Route(f"/_control{path}", from_loopback(handler), methods=[method])
            for method, path, handler in routes
        ]

    async def tokens(self, _: Request) -> Response:
        return json_response({"tokens": self._store.tokens.ever})

    async def change_tokens(self, request: Request) -> Response:
        try:
            asked = Lifetime.model_validate_json(await request.body())
        except ValidationError:
            return json_response({"error": "expires_in: seconds from 0 to 86400"}, 422)
        self._store.tokens.expires_in = asked.expires_in
        return json_response(asked.model_dump())

    async def revoke_tokens(self, _: Request) -> Response:
        return json_response({"revoked": self._store.tokens.revoke()})

    async def end_item(self, request: Request) -> Response:
        item = self._store.items.get(request.path_params["id"])
        ending = _ENDINGS.get(request.path_params["ending"])
        if item is None or ending is None:
            return json_response({"error": "there is no such item, or no such ending"}, 404)
        before, after = ending
        if item.status != before:
            return json_response({"error": f"only {before} items can be ended so"}, 409)
        paying.end(self._store, item, after, item.error if after == "RETURNED" else None)
        return json_response({"status": item.status})

    async def do_by_hand(self, request: Request) -> Response:
        deed = DEEDS.get(request.path_params["deed"])
        if deed is None:
            return json_response({"error": f"there are: {', '.join(DEEDS)}"}, 404)
        try:
            asked = About.model_validate_json(await request.body())
            amount = asked.amount and amounts.read(asked.amount, asked.currency)
            return json_response({"id": deed(self._store, asked.about, amount or None)})
        except (ValidationError, amounts.WrongAmount):
            return json_response({"error": "about, and perhaps amount and currency"}, 422)
        except Impossible as why:
            return json_response({"error": str(why)}, 409)

    async def refusals(self, _: Request) -> Response:
        ordered = [each.model_dump() for each in self._store.refusals.ordered]
        return json_response({"refusals": ordered})

    async def order_refusal(self, request: Request) -> Response:
        try:
            refusal = Refusal.model_validate_json(await request.body())
        except ValidationError:
            return json_response({"error": "path, status, name, issue, times"}, 422)
        self._store.refusals.ordered.append(refusal)
        return json_response(refusal.model_dump())

    async def delete_refusals(self, request: Request) -> Response:
        self._store.refusals.ordered.clear()
        return await self.refusals(request)
