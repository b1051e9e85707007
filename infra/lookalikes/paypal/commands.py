"""What may be ordered of this lookalike alone, under `/_control`.

GET tokens: all that were ever issued
POST tokens {"expires_in": 2}: tokens from now on live so many seconds
POST tokens/revoke: no token that was issued is good any more
POST payouts-item/{id}/claim, /return: the end of an unclaimed item
POST payouts-item/{id}/release: of one on hold
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.lookalikes.control import from_loopback
from infra.lookalikes.paypal import paying
from infra.lookalikes.paypal.books import Books
from infra.sandbox_psp.wire import json_response

_ENDINGS = {
    "claim": ("UNCLAIMED", "SUCCESS"),
    "return": ("UNCLAIMED", "RETURNED"),
    "release": ("ONHOLD", "SUCCESS"),
}


class Lifetime(BaseModel):
    model_config = ConfigDict(extra="forbid")

    expires_in: Annotated[int, Field(ge=0, le=86_400)]


class Commands:
    def __init__(self, books: Books) -> None:
        self._books = books

    def routes(self) -> list[Route]:
        told = [
            ("GET", "/tokens", self.tokens),
            ("POST", "/tokens", self.change_tokens),
            ("POST", "/tokens/revoke", self.revoke_tokens),
            ("POST", "/payouts-item/{id}/{ending}", self.end_item),
        ]
        return [
            Route(f"/_control{path}", from_loopback(endpoint), methods=[method])
            for method, path, endpoint in told
        ]

    async def tokens(self, _: Request) -> Response:
        return json_response({"tokens": self._books.tokens.ever})

    async def change_tokens(self, request: Request) -> Response:
        try:
            asked = Lifetime.model_validate_json(await request.body())
        except ValidationError:
            return json_response({"error": "expires_in: seconds from 0 to 86400"}, 422)
        self._books.tokens.expires_in = asked.expires_in
        return json_response(asked.model_dump())

    async def revoke_tokens(self, _: Request) -> Response:
        return json_response({"revoked": self._books.tokens.revoke()})

    async def end_item(self, request: Request) -> Response:
        item = self._books.items.get(request.path_params["id"])
        ending = _ENDINGS.get(request.path_params["ending"])
        if item is None or ending is None:
            return json_response({"error": "there is no such item, or no such ending"}, 404)
        before, after = ending
        if item.status != before:
            return json_response({"error": f"only {before} items can be ended so"}, 409)
        paying.end(self._books, item, after, item.error if after == "RETURNED" else None)
        return json_response({"status": item.status})
