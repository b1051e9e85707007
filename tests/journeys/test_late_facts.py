"""What a PSP tells when a payment is over reaches us all the same, and a person when it must."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from infra.local.demo.cashier import Cashier
from infra.local.stack.addresses import Stack


async def late_approval(stack: Stack, reference: str, operation: str, minor_units: int) -> None:
    """By the PSP's own signature: that it approved, after all."""
    event_id, now = f"evt_{uuid.uuid4().hex}", datetime.now(tz=UTC)
    facts: dict[str, Any] = {
        "id": "psp_1",
        "operation": operation,
        "status": "approved",
        "reference": reference,
    }
    facts |= {"merchant_account": "primary", "amount": minor_units, "currency": "EUR"}
    facts |= {"created_at": now.isoformat(), "updated_at": now.isoformat()}
    event = {"id": event_id, "type": f"{operation}.approved", "created_at": now.isoformat()}
    body = json.dumps(event | {"data": facts})
    secret = stack.environment["PAYSAGA_SANDBOX_PSP_WEBHOOK_SECRET"]
    headers = {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, now, body),
    }
    async with httpx.AsyncClient(base_url=stack.api_url, trust_env=False) as http:
        answer = await http.post("/webhooks/sandbox", content=body, headers=headers)
    assert answer.status_code == 200, answer.text


async def cases_of(stack: Stack, payment_id: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {stack.tokens.operator}"}
    async with httpx.AsyncClient(base_url=stack.api_url, trust_env=False) as http:
        answer = await http.get("/v1/cases", params={"payment_id": payment_id}, headers=headers)
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_a_capture_that_is_told_after_a_cancel_moves_nothing_and_waits_for_a_person(
    stack: Stack, cashier: Cashier
) -> None:
    await cashier.deposit("late-lea", "10.30 EUR")
    intent_id = await cashier.open("late-lea", "41.70 EUR", "tok_3ds")
    await cashier.tell(intent_id, "authorize")
    await cashier.tell(intent_id, "cancel")
    await cashier.final_intent(intent_id)
    await late_approval(stack, f"{intent_id}:capture", "capture", 4170)
    async with asyncio.timeout(60):
        while not (cases := await cases_of(stack, intent_id)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert [(case["kind"], case["money_at_risk"]["amount"]) for case in cases] == [
        ("contradiction", "41.70")
    ]
    assert await cashier.wallet("late-lea", "EUR") == "10.30 EUR"
