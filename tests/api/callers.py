"""Callers of the API, each with a token, and the bodies they send."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

RETURN_URL = "https://casino.example/cashier"


class Caller:
    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._token = token

    @property
    def token(self) -> str:
        return self._token

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self._http.get(path, headers=self._headers(headers))

    async def post(
        self, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        return await self.write("POST", path, body, key=key, **headers)

    async def put(self, path: str, body: Any, *, key: str | None = None) -> httpx.Response:
        return await self.write("PUT", path, body, key=key)

    async def write(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        all_headers = self._headers(headers) | {"X-Idempotency-Key": key or uuid.uuid4().hex}
        return await self._http.request(method, path, json=body, headers=all_headers)

    async def send(
        self, path: str, raw: bytes, content_type: str = "application/json"
    ) -> httpx.Response:
        """A body as it is, proper JSON or not."""
        headers = self._headers({"Content-Type": content_type})
        headers["X-Idempotency-Key"] = uuid.uuid4().hex
        return await self._http.post(path, content=raw, headers=headers)

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self._token}"} | named


def without_trace(answer: httpx.Response) -> str:
    """Its text without the trace id, which is made by chance and may hold any few digits."""
    return answer.text.replace(answer.headers["X-Trace-Id"], "")


def money(amount: Any, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def a_player() -> str:
    return f"player-{uuid.uuid4().hex}"


def intent(**changes: Any) -> dict[str, Any]:
    wish: dict[str, Any] = {
        "player_id": "player-1",
        "amount": money("50.00"),
        "method": "card",
        "return_url": RETURN_URL,
        "payment_token": "tok_ok",
        "metadata": {"brand_id": "acme", "region": "eu"},
    }
    return wish | changes


def payout(**changes: Any) -> dict[str, Any]:
    wish: dict[str, Any] = {
        "player_id": "player-1",
        "amount": money("10.00"),
        "method": "card",
        "destination": "dst_ok",
        "metadata": {"brand_id": "acme", "region": "eu"},
    }
    return wish | changes


async def captured(platform: Caller, **changes: Any) -> dict[str, Any]:
    """A deposit that has been credited."""
    opened = (await platform.post("/v1/cashier/intents", intent(**changes))).json()
    done = await platform.post(f"/v1/cashier/intents/{opened['intent_id']}/authorize")
    assert done.status_code == 201, done.text
    deposit: dict[str, Any] = done.json()
    assert deposit["status"] == "CAPTURED", deposit
    return deposit


def slug(response: httpx.Response) -> str:
    """What kind of problem it is."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["trace_id"]
    return str(problem["type"]).removeprefix("urn:paysaga:problem:")
