"""Webhooks as PayPal signs them for one of our accounts, and an adapter that hears them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from activities.psp.certification import Signed
from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.plugins.paypal.adapter import PaypalAdapter
from activities.psp.plugins.paypal.certification import signing as signing
from activities.psp.plugins.paypal.certification.suite import PaypalCertification
from activities.psp.plugins.paypal.client import Client
from activities.psp.plugins.paypal.heard import EventHead
from activities.psp.plugins.paypal.settings import PaypalAccount, PaypalSettings
from activities.psp.wire import Answer

NOW = 1_800_000_000
FIRST, SECOND, NOBODYS = "5WC1FIRST00000001", "5WC1SECOND0000002", "5WC1NOBODYS00003"


def account(name: str, webhook_id: str, **more: Any) -> PaypalAccount:
    members: dict[str, Any] = {
        "url": "http://127.0.0.1:1",
        "client_id": name,
        "client_secret": SecretStr(f"secret-of-{name}"),
        "webhook_id": webhook_id,
        "webhook_verification": "certificate",
        "webhook_ca": signing.authorities(),
    }
    return PaypalAccount(**{**members, **more})


async def as_told(_: Client, head: EventHead) -> EventHead:
    """PayPal, asked for an event that it sent."""
    return head


async def fetched(url: str) -> Answer:
    assert url == signing.CERT_URL
    return Answer(200, {}, signing.chain())


def event(kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "WH-1",
        "create_time": "2026-11-24T10:00:00Z",
        "event_type": kind,
        "resource": resource,
    }


def sent(message: Any, webhook_id: str = FIRST, at: int = NOW) -> Signed:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    made = PaypalCertification().sign(body, at)
    sig = signing.signature(
        made.headers["paypal-transmission-id"],
        made.headers["paypal-transmission-time"],
        webhook_id,
        body,
    )
    return replace(made, headers={**made.headers, "paypal-transmission-sig": sig})


@asynccontextmanager
async def listening(accounts: Mapping[str, PaypalAccount]) -> AsyncIterator[PaypalAdapter]:
    adapter = PaypalAdapter(PaypalSettings(accounts=dict(accounts)), fetched, as_told)
    yield adapter
    await adapter.aclose()


async def hear(
    signed: Signed, accounts: Mapping[str, PaypalAccount] | None = None, at: float = NOW
) -> Delivery:
    async with listening(accounts or {"eu": account("eu", FIRST)}) as adapter:
        return await adapter.hear(WebhookRequest(signed.headers, signed.body, at))


async def refusal(
    signed: Signed, accounts: Mapping[str, PaypalAccount] | None = None, at: float = NOW
) -> tuple[str, int]:
    with pytest.raises(WebhookRefused) as refused:
        await hear(signed, accounts, at)
    return refused.value.rule, refused.value.status
