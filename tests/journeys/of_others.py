"""What somebody else does at the PSP, by order of a journey; and what is heard of it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from infra.local.demo.cashier import Cashier
from infra.local.demo.money import amount_of
from infra.local.demo.play import Scene
from infra.local.stack.addresses import Stack

Body = dict[str, Any]
_RECEIVABLE = """
SELECT coalesce(-sum(e.amount_minor), 0)::bigint FROM entries e
JOIN accounts a ON a.id = e.account_id WHERE a.name = 'receivable:demo:' || $1
"""
_LOWEST = """
SELECT min(e.balance_after) FROM entries e JOIN accounts a ON a.id = e.account_id
WHERE a.name = 'player:demo:' || $1 || ':available'
"""


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@dataclass
class Hands:
    """At the sandbox PSP."""

    stack: Stack
    at: Scene

    @property
    def cashier(self) -> Cashier:
        return self.at.cashier

    # --- what they do -------------------------------------------------------------------------

    async def do(self, command: str, payment_id: str, *, named: bool = True, **more: Any) -> Body:
        """With the first hold or sale of a payment: refund, capture, void, lapse, chargeback …"""
        begun = [
            done["reference"]
            for done in await self.at.psp.journal(payment_id)
            if done["operation"] == "authorization"
        ]
        reference = begun[0]
        return await self._order(command, {"reference": reference, "named": named, **more})

    async def do_twice(self, key: str) -> Body:
        return await self._order("twice", {"reference": key})

    async def do_after_all(self, payout_id: str) -> None:
        """Pay what it has said no to."""
        await self._order("after-all", {"reference": f"{payout_id}:payout:1"})

    async def _order(self, command: str, body: Body) -> Body:
        answer = await self.at.psp.http.post(f"/_control/sandbox/{command}", json=body)
        assert answer.is_success, answer.text
        done: Body = answer.json()
        return done

    async def say(self, operation: str, reference: str, **facts: Any) -> None:
        """By the PSP's own signature, of what it has not done."""
        event_id, now = f"evt_{uuid.uuid4().hex}", datetime.now(tz=UTC)
        whole = {"operation": operation, "status": "approved", "reference": reference}
        whole |= {"merchant_account": "primary", "currency": "EUR", **facts}
        event = {
            "id": event_id,
            "type": f"{operation}.{whole['status']}",
            "created_at": now.isoformat(),
        }
        body = json.dumps(event | {"data": whole})
        secret = self.stack.environment["PAYSAGA_SANDBOX_PSP_WEBHOOK_SECRET"]
        headers = {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(event_id, now, body),
        }
        async with httpx.AsyncClient(base_url=self.stack.api_url, trust_env=False) as http:
            answer = await http.post("/webhooks/sandbox", content=body, headers=headers)
        assert answer.status_code == 200, answer.text

    # --- what is seen -------------------------------------------------------------------------

    async def status(self, payment_id: str) -> str:
        noun = {"in": "intents", "po": "payouts", "re": "refunds"}[payment_id[:2]]
        seen = await self.cashier.look(f"/v1/cashier/{noun}/{payment_id}")
        return str(seen["status"])

    async def becomes(self, payment_id: str, status: str, seconds: float = 30.0) -> None:
        async def is_there() -> bool:
            return await self.status(payment_id) == status

        await until(is_there, seconds)

    async def cases(self, payment_id: str, count: int = 1) -> Sequence[Body]:
        """Once there are so many, the oldest first."""
        found: list[Body] = []

        async def are_there() -> bool:
            headers = {"Authorization": f"Bearer {self.cashier.tokens['operator']}"}
            query = {"payment_id": payment_id}
            answer = await self.cashier.api.get("/v1/cases", params=query, headers=headers)
            found[:] = answer.json()["items"][::-1]
            return len(found) >= count

        await until(are_there)
        return found

    async def resolve(self, case: Body, action: str) -> None:
        path = f"/v1/cases/{case['id']}/resolutions"
        body = {"action": action, "reason": "seen at the PSP"}
        answer = await self.cashier.ask(path, body, by="operator")
        assert answer.status in (201, 202), answer.body

    async def told_of(self, payment_id: str) -> list[str]:
        """The types of the events for the platform, in order."""
        page = await self.cashier.look("/v1/events", payment_id=payment_id)
        return [str(event["type"]) for event in page["items"]]

    async def owed(self, player: str) -> int:
        """Minor units that the player owes; no balance of theirs was ever below zero."""
        [(lowest,)] = await self.at.books.auditor.fetch(_LOWEST, player)
        assert lowest is None or lowest >= 0
        [(owed,)] = await self.at.books.auditor.fetch(_RECEIVABLE, player)
        return int(owed)

    async def refund(self, capture_id: str, amount: str) -> tuple[int, str]:
        answer = await self.cashier.ask(
            f"/v1/cashier/captures/{capture_id}/refunds", {"amount": amount_of(amount)}
        )
        return answer.status, answer.problem
