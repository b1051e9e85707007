"""What the tests of Stripe and its plugin together share."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from activities.psp.contract import WebhookRequest
from activities.psp.plugins.stripe.adapter import StripeAdapter
from activities.psp.plugins.stripe.settings import StripeSettings
from infra.local.psps.base.profile import find
from tests.activities.psp.orders import instructions, lookup_of
from tests.infra.local.psps.running import until
from tests.infra.local.psps.stripe_caller import Caller, fresh
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import (
    AuthorizeInstruction,
    Instruction,
    MerchantAccount,
    Operation,
)

ACCOUNT = MerchantAccount("stripe", "primary")
AMOUNT = Money(5010, "EUR")


@asynccontextmanager
async def connected(merchant: Caller) -> AsyncIterator[StripeAdapter]:
    found = find("stripe").plugin_environment(merchant.at.credentials, merchant.at.url)
    accounts = json.loads(found["PAYSAGA_STRIPE_ACCOUNTS"])
    adapter = StripeAdapter(StripeSettings(accounts=accounts))
    yield adapter
    await adapter.aclose()


def order(token: str | None = "pm_card_visa", **change: Any) -> AuthorizeInstruction:
    asked = instructions(ACCOUNT, AMOUNT)[Operation.AUTHORIZE]
    assert isinstance(asked, AuthorizeInstruction)
    number = fresh("").rstrip(":")
    return replace(asked, key=f"{number}x:authorize:1", payment_token=token, **change)


def follow(kind: str, hold: AuthorizeInstruction, psp_ref: str | None) -> Any:
    made: Any = instructions(ACCOUNT, AMOUNT)[kind]
    key = f"{hold.payment_id}:{kind}" + (":1" if kind == Operation.VOID else "")
    extra = {"authorize_key": hold.key} if kind == Operation.VOID else {}
    return replace(made, key=key, psp_ref=psp_ref, **extra)


async def found(plugin: StripeAdapter, asked: Instruction, operation: str, ref: str | None) -> Any:
    lookup = replace(lookup_of(asked, operation, ref), asked_at=datetime.now(UTC).isoformat())
    return await plugin.look_up(lookup)


async def events(merchant: Caller, plugin: StripeAdapter, about: str, *kinds: str) -> list[Any]:
    """What the plugin hears of an object, once webhooks of these types have come."""

    def of_it() -> list[Any]:
        return [each for each in merchant.at.receiver.taken if about in each.body.decode()]

    await until(lambda: {each.message["type"] for each in of_it()} >= set(kinds))
    heard: list[PspEvent] = []
    for each in of_it():
        request = WebhookRequest(each.headers, each.body, time.time())
        heard += (await plugin.hear(request)).events
    return heard


async def by_hand(merchant: Caller, command: str, **members: Any) -> Any:
    answer = await merchant.at.http.post(f"/_control/stripe/{command}", json=members)
    assert answer.is_success, answer.text
    return answer.json()
