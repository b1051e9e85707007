"""What is sent to each route: the contract's own example, about the one brand's things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI

from tests.doors.house import House, policy_document
from tests.doors.routes import Route

QUERIES = {
    "GET /v1/cashier/intents": "player_id={player_id}",
    "GET /v1/cashier/refunds": "intent_id={intent_id}",
    "GET /v1/cashier/payouts": "player_id={player_id}",
    "GET /v1/payments": "q={intent_id}",
    "GET /v1/events": "payment_id={intent_id}",
    "GET /v1/cases": "state=open",
    "GET /v1/webhooks/events": "payment_id={intent_id}",
    "GET /v1/declines": "brand={brand}",
    "GET /v1/wallet/players/{player_id}": "brand_id={brand}",
    "GET /v1/risk/players/{player_id}": "brand_id={brand}",
    "PUT /v1/risk/players/{player_id}": "brand_id={brand}",
    "POST /payments/callback": "psp=nobody",
}
"""What would show the brand's things to whoever may see them."""


def address(route: Route, house: House) -> str:
    query = QUERIES.get(str(route), "")
    query = query.format(brand=house.brands.own, **house.ids)
    return route.of(house.ids) + (f"?{query}" if query else "")


def body_of(route: Route, app: FastAPI, house: House) -> Any:
    if route.method in ("GET", "HEAD"):
        return None
    if str(route) in (own := _bodies(house)):
        return own[str(route)]
    call = app.openapi()["paths"].get(route.template, {}).get(route.method.lower(), {})
    example = call.get("requestBody", {}).get("content", {}).get("application/json", {})
    return _about(example.get("example", {}), house)


def _bodies(house: House) -> dict[str, Any]:
    brand, now = house.brands.own, datetime.now(UTC)
    account = {"psp": house.psp, "id": "spare", "brands": [brand], "status": "paused"}
    # Whoever is let in is told that it is not valid: judging the past would take a process each.
    backwards = {"from": "2031-01-31T00:00:00Z", "to": "2031-01-30T00:00:00Z"}
    return {
        "POST /v1/routing/policies/{policy_id}/estimate": backwards,
        "POST /v1/routing/policies/{policy_id}/replay": backwards,
        "POST /v1/routing/chargebacks": {"payment_id": house.ids["intent_id"]},
        "POST /v1/routing/accounts": {"account": account, "reason": "spare"},
        "POST /v1/routing/policies": {
            "policy": policy_document(house), "brand_id": brand, "reason": "again",
        },
        "POST /v1/events/replay": {
            "created_from": (now - timedelta(minutes=1)).isoformat(),
            "created_to": now.isoformat(),
            "brand_id": brand,
        },
        "PUT /v1/routing/switches": {
            "psp": house.psp, "merchant_account": house.account, "method": "voucher",
            "brand_id": brand, "enabled": True, "reason": "as it was",
        },
    }  # fmt: skip


def _about(example: Any, house: House) -> Any:
    """The same about the house's brand and PSP."""
    if isinstance(example, dict):
        return {key: _about(inner, house) for key, inner in example.items()} | {
            key: word
            for key, word in (("brand_id", house.brands.own), ("psp", house.psp))
            if key in example
        }
    return example
