"""Two people at the operators' desk, and what they propose to each other."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from tests.api.callers import Caller, a_player, intent, slug

ACCOUNTS, POLICIES = "/v1/routing/accounts", "/v1/routing/policies"
STOPS, HEALTH, RATES = "/v1/routing/stops", "/v1/routing/health", "/v1/routing/rates"
CHANGES, RECEIPTS = "/v1/routing/changes", "/v1/routing/receipts"


def a_brand() -> str:
    """One that no other story is told of."""
    return f"brand-{uuid.uuid4().hex[:8]}"


def order(*accounts: str) -> dict[str, Any]:
    return {"order": list(accounts)}


def rule(name: str, field: str, value: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "when": {"field": field, "in": [value]}, "then": then}


def policy(brand: str | None, *rules: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    """A proposal; the policy is called `p-` and its brand."""
    document = {"id": f"p-{brand}", "rules": list(rules), "default": default}
    proposal: dict[str, Any] = {"policy": document, "reason": "spring"}
    return proposal if brand is None else proposal | {"brand_id": brand}


def pointers(response: httpx.Response) -> dict[str, str]:
    """What is wrong with a body, by place."""
    assert (response.status_code, slug(response)) == (422, "invalid-request"), response.text
    return {error["pointer"]: error["detail"] for error in response.json()["errors"]}


@dataclass(frozen=True)
class Desk:
    ann: Caller
    """Proposes, for all brands."""
    bob: Caller
    """Approves, for all brands."""

    async def approved(self, proposed: httpx.Response) -> dict[str, Any]:
        assert proposed.status_code == 201, proposed.text
        done = await self.decided(proposed.json()["id"], "approve")
        assert done.status_code == 201, done.text
        answer: dict[str, Any] = done.json()
        return answer

    async def decided(self, change_id: int, decision: str) -> httpx.Response:
        body = {"decision": decision, "reason": "seen"}
        return await self.bob.post(f"{CHANGES}/{change_id}/decision", body)

    async def account(self, **account: Any) -> dict[str, Any]:
        body = {"account": account, "reason": "spring"}
        return await self.approved(await self.ann.post(ACCOUNTS, body))

    async def policy(self, brand: str | None, *rules: Any, default: Any) -> dict[str, Any]:
        proposed = await self.ann.post(POLICIES, policy(brand, *rules, default=default))
        return await self.approved(proposed)


async def paid(platform: Caller, brand: str, **changes: Any) -> dict[str, Any]:
    """A deposit of the brand, as far as it gets."""
    wish = intent(player_id=a_player(), metadata={"brand_id": brand, "region": "eu"}) | changes
    opened = await platform.post("/v1/cashier/intents", wish)
    assert opened.status_code == 201, opened.text
    path = f"/v1/cashier/intents/{opened.json()['intent_id']}/authorize"
    deposit: dict[str, Any] = (await platform.post(path)).json()
    return deposit
