"""What the platform asks of our API, from the first request to the credit, and back."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import orjson

from infra.local.stack.addresses import Stack
from tests.bench.lines import Lines, post

INTENTS = "/v1/cashier/intents"


def cashier(stack: Stack) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=stack.api_url,
        headers={"Authorization": f"Bearer {stack.tokens.platform}"},
        limits=httpx.Limits(max_connections=64),
        timeout=60.0,
        trust_env=False,
    )


async def deposit(
    http: httpx.AsyncClient, *, player: str = "", token: str = "tok_ok", ends: bool = True
) -> dict[str, Any]:
    """The answer. Raises RuntimeError when it does not go through."""
    done = await _post(http, INTENTS, _wish(player, token))
    if ends and done.get("status") != "CAPTURED":
        raise RuntimeError(f"a deposit did not go through: {done}")
    return done


async def deposit_over(at: Lines, place: int, token: str) -> None:
    """The same, in one request. Raises RuntimeError when it does not go through."""
    headers = {"Authorization": f"Bearer {token}", "X-Idempotency-Key": uuid.uuid4().hex}
    status, body = await at.ask(place, post(INTENTS, orjson.dumps(_wish()), headers))
    if status != 201 or orjson.loads(body)["status"] != "CAPTURED":
        raise RuntimeError(f"a deposit did not go through: {body[:300]!r}")


async def payout(http: httpx.AsyncClient, player: str) -> None:
    """Of a euro. Raises RuntimeError when it is refused; it is paid a moment after the answer."""
    wish = {
        "player_id": player,
        "amount": {"amount": "1.00", "currency": "EUR"},
        "method": "card",
        "destination": "dst_ok",
    }
    await _post(http, "/v1/cashier/payouts", wish)


async def refund(http: httpx.AsyncClient, capture_id: str) -> None:
    """Of a euro. Raises RuntimeError when it is refused; it is made a moment after the answer."""
    wish = {"amount": {"amount": "1.00", "currency": "EUR"}}
    await _post(http, f"/v1/cashier/captures/{capture_id}/refunds", wish)


def _wish(player: str = "", token: str = "tok_ok") -> dict[str, Any]:
    return {
        "player_id": player or f"player-{uuid.uuid4().hex}",
        "amount": {"amount": "50.00", "currency": "EUR"},
        "method": "card",
        "return_url": "https://casino.example/cashier",
        "payment_token": token,
        "authorize": True,
    }


async def _post(
    http: httpx.AsyncClient, path: str, wish: dict[str, Any] | None = None
) -> dict[str, Any]:
    key = {"X-Idempotency-Key": uuid.uuid4().hex}
    answer = await http.post(path, json=wish, headers=key)
    if not answer.is_success:
        raise RuntimeError(f"{path} was refused: {answer.status_code} {answer.text}")
    view: dict[str, Any] = answer.json()
    return view
