"""Webhooks: acknowledgements per second by one process, and how soon a player is credited."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import statistics
import time
import uuid
from datetime import timedelta
from typing import Any

import asyncpg
from rich.table import Table

from infra.local.stack.addresses import Stack
from tests.bench.deposits import cashier, deposit
from tests.bench.lines import lines, post
from tests.bench.load import load

CONNECTIONS, TOTAL = 32, 6000
DEPOSITS = 40

_LAGS = """
SELECT e.recorded_at - i.received_at AS lag FROM inbox_events i
JOIN payment_events e ON e.payment_id = i.payment_id AND e.status = 'CAPTURED' AND e.final
JOIN payments p ON p.id = i.payment_id WHERE p.player_id LIKE 'lag-%'
"""


async def bench_webhooks(stack: Stack) -> Table:
    table = Table(title="Webhooks (fsync on)")
    for name in ("what", "measured", "aim"):
        table.add_column(name, justify="left" if name == "what" else "right")
    acknowledged = await _acknowledged(stack)
    table.add_row("acknowledged by one process", f"{acknowledged:.0f}/s", "3000/s")
    lags = await _lags(stack)
    table.add_row("webhook to credited wallet, median", f"{statistics.median(lags):.0f} ms", "")
    worst = statistics.quantiles(lags, n=20)[-1]
    table.add_row("webhook to credited wallet, p95", f"{worst:.0f} ms", "")
    return table


async def _acknowledged(stack: Stack) -> float:
    """Of events whose payment is not known: they are stored like any, and wait."""
    secret = stack.environment["PAYSAGA_SANDBOX_PSP_WEBHOOK_SECRET"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    requests = itertools.cycle([_request(key) for _ in range(TOTAL + CONNECTIONS)])
    async with lines(stack.api_url) as at:

        async def send(place: int) -> None:
            status, body = await at.ask(place, next(requests))
            if status != 200:
                raise RuntimeError(f"a webhook was refused: {body[:300]!r}")

        return (await load(send, total=TOTAL, in_flight=CONNECTIONS)).per_second


def _request(key: bytes) -> bytes:
    event_id, at = f"evt_{uuid.uuid4().hex}", int(time.time())
    body = json.dumps(_event(event_id)).encode()
    digest = hmac.digest(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256)
    signed = {
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    return post("/webhooks/sandbox", body, signed)


def _event(event_id: str) -> dict[str, Any]:
    return {
        "id": event_id,
        "type": "authorization.approved",
        "created_at": "2026-01-01T00:00:00Z",
        "data": {
            "id": "auth_1",
            "operation": "authorization",
            "status": "approved",
            "reference": f"in_{uuid.uuid4().hex}:authorize:1",
            "merchant_account": "primary",
            "amount": 5000,
            "currency": "EUR",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        },
    }


async def _lags(stack: Stack) -> list[float]:
    """Milliseconds, of deposits whose result comes by webhook."""
    async with cashier(stack) as http:
        for _ in range(DEPOSITS):
            await deposit(http, player=f"lag-{uuid.uuid4().hex}", token="tok_async", ends=False)
    database = await asyncpg.connect(stack.postgres.migration_url)
    rows: list[asyncpg.Record] = []
    async with asyncio.timeout(60):
        while len(rows) < DEPOSITS:
            await asyncio.sleep(0.2)
            rows = await database.fetch(_LAGS)
    await database.close()
    return [row["lag"] / timedelta(milliseconds=1) for row in rows]
