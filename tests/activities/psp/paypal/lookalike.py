"""The plugin and the lookalike of PayPal together: what is asked, done by hand and heard of one
payment."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from activities.psp.contract import WebhookRequest
from activities.psp.plugins.paypal.adapter import PaypalAdapter
from infra.local.psps.paypal.funding import vaulted
from tests.infra.local.psps.running import Running, until
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CaptureInstruction,
    MerchantAccount,
)

ACCOUNT, FIFTY = MerchantAccount("paypal", "primary"), Money(5000, "EUR")
_NUMBERS = itertools.count(1)


@dataclass
class World:
    at: Running
    paypal: PaypalAdapter
    payment: str = field(default_factory=lambda: f"in_{next(_NUMBERS)}")

    @property
    def key(self) -> str:
        return f"{self.payment}:authorize:1"

    def about(self, step: str) -> dict[str, Any]:
        key = f"{self.payment}:{step}"
        return {"key": key, "account": ACCOUNT, "amount": FIFTY, "trace_id": "trace_1"}

    async def authorize(self, token: str | None) -> Any:
        return await self.paypal.authorize(
            AuthorizeInstruction(
                **self.about("authorize:1"),
                method="ewallet",
                payment_token=token,
                player_id="player_1",
                return_url="https://casino.example/back",
            )
        )

    async def held(self) -> Approved:
        reply = await self.authorize(vaulted("balance"))
        assert isinstance(reply, Approved)
        return reply

    async def captured(self) -> Approved:
        held = await self.held()
        asked = CaptureInstruction(
            **self.about("capture"), psp_ref=held.psp_ref, authorize_key=self.key
        )
        reply = await self.paypal.capture(asked)
        assert isinstance(reply, Approved)
        return reply

    async def by_hand(self, deed: str, **more: Any) -> str:
        body = {"about": f"{self.payment}:", **more}
        answer = await self.at.http.post(f"/_control/by-hand/{deed}", json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    async def heard(self, kind: str, mark: str) -> PspEvent:
        """The event of this type in which this id or reference stands."""

        def found() -> list[Any]:
            return [
                each
                for each in self.at.receiver.taken
                if each.message["event_type"] == kind and mark.encode() in each.body
            ]

        await until(lambda: bool(found()))
        (first, *_) = found()
        request = WebhookRequest(first.headers, first.body, time.time())
        (event,) = (await self.paypal.hear(request)).events
        return event
