"""The platform's side of the counter: the API over HTTP, called as one person or another."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from infra.local.demo.cast import SANDBOX_CAST, Cast
from infra.local.demo.expecting import Deviation, expect, expect_one_of
from infra.local.demo.money import amount_of, text_of, text_of_minor
from infra.local.demo.sandbox import SandboxPsp

BRAND = "demo"
RETURN_URL = "https://casino.example/cashier"
_METADATA = {"brand_id": BRAND, "region": "eu"}
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.04

Body = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Body
    headers: Mapping[str, str]

    @property
    def problem(self) -> str:
        """The last word of a problem's type; empty when it is none."""
        return str(self.body.get("type", "")).rpartition(":")[2]


@dataclass
class Cashier:
    api: httpx.AsyncClient
    tokens: Mapping[str, str]
    """By who asks: platform, operator, approver, supervisor (platform and approver in one)."""
    psp: SandboxPsp
    cast: Cast = SANDBOX_CAST
    watch: Callable[[str], None] = field(default=lambda status: None)
    """Told every status that is seen."""
    _chosen: dict[str, str] = field(default_factory=dict)
    """What the player will choose on the PSP's page, by intent, where the page asks."""

    async def ask(
        self,
        path: str,
        body: Body | None = None,
        *,
        by: str = "platform",
        key: str | None = None,
        trace_id: str | None = None,
    ) -> Answer:
        """One write. Without a key it gets one of its own."""
        headers = {
            "Authorization": f"Bearer {self.tokens[by]}",
            "X-Idempotency-Key": key or uuid.uuid4().hex,
        }
        if trace_id is not None:
            headers["X-Trace-Id"] = trace_id
        given = await self.api.post(path, json=body or {}, headers=headers)
        return self._seen(given)

    async def look(self, path: str, **query: str) -> Body:
        headers = {"Authorization": f"Bearer {self.tokens['platform']}"}
        answer = self._seen(await self.api.get(path, params=query, headers=headers))
        expect(f"the status of GET {path}", answer.status, 200)
        return answer.body

    # --- deposits and refunds -----------------------------------------------------------------

    async def open(
        self,
        player: str,
        amount: str,
        token: str | None = None,
        **more: Any,
    ) -> str:
        """A new intent's id. Without a token, one that is good; `more` as for `ask_for_intent`."""
        token = token or self.cast.tokens.ok
        answer = await self.ask_for_intent(player, amount, token, **more)
        expect("opening an intent", (answer.status, answer.body.get("status")), (201, "INITIATED"))
        intent_id = str(answer.body["intent_id"])
        self.choose(intent_id, token)
        return intent_id

    def choose(self, intent_id: str, token: str) -> None:
        """What the player will say on the PSP's page, where it is the page that asks."""
        self._chosen[intent_id] = token

    async def ask_for_intent(
        self,
        player: str,
        amount: str,
        token: str,
        *,
        capture_method: str = "automatic",
        method: str | None = None,
        key: str | None = None,
        trace_id: str | None = None,
    ) -> Answer:
        body = {
            "player_id": player,
            "amount": amount_of(amount),
            "method": method or self.cast.method,
            "return_url": RETURN_URL,
            "payment_token": None if self.cast.page_field else token,
            "capture_method": capture_method,
            "metadata": _METADATA,
        }
        return await self.ask("/v1/cashier/intents", body, key=key, trace_id=trace_id)

    async def tell(self, intent_id: str, command: str, body: Body | None = None) -> Body:
        """authorize, capture, void, cancel …; refusals are deviations."""
        answer = await self.ask(f"/v1/cashier/intents/{intent_id}/{command}", body)
        if answer.status not in (201, 202):
            raise Deviation(f"to {command}", "201 or 202", f"{answer.status} {answer.body}")
        return answer.body

    async def authorize(self, intent_id: str, button: str = "approve") -> Body:
        """With whatever the PSP's page wants of the player, once or for each account asked."""
        intent, answered = await self.tell(intent_id, "authorize"), set[str]()
        while intent["status"] == "REQUIRES_ACTION" and intent["redirect_url"] not in answered:
            answered.add(intent["redirect_url"])
            intent = await self.return_from(intent, button)
        return intent

    async def return_from(self, intent: Body, button: str) -> Body:
        """The player presses a button on the PSP's page, and is back."""
        return await self.come_back(intent["intent_id"], await self.press(intent, button))

    async def press(self, intent: Body, button: str) -> dict[str, str]:
        """What the PSP gives the player's browser on the way back."""
        choice = {self.cast.page_field: self._chosen[intent["intent_id"]]}
        chosen = {name: value for name, value in choice.items() if name is not None}
        sent_to = urlsplit(await self.psp.answer(intent["redirect_url"], button, **chosen))
        place = f"{sent_to.scheme}://{sent_to.netloc}{sent_to.path}"
        expect("where the player is sent", place, RETURN_URL)
        return dict(parse_qsl(sent_to.query))

    async def come_back(self, intent_id: str, parameters: dict[str, str]) -> Body:
        """The front end tells that the player is back."""
        answer = await self.ask(
            f"/v1/cashier/intents/{intent_id}/complete", {"parameters": parameters}
        )
        # 200: the PSP's webhook was faster than the player's browser.
        expect_one_of("the status of the answer to complete", answer.status, 200, 201, 202)
        return answer.body

    async def deposit(
        self, player: str, amount: str, token: str | None = None, **more: Any
    ) -> Body:
        """Opened, authorized and played to its end."""
        intent_id = await self.open(player, amount, token, **more)
        await self.authorize(intent_id)
        return await self.final_intent(intent_id)

    async def refund(self, capture_id: str, amount: str) -> Answer:
        path = f"/v1/cashier/captures/{capture_id}/refunds"
        return await self.ask(path, {"amount": amount_of(amount)})

    # --- payouts ------------------------------------------------------------------------------

    async def pay_out(
        self, player: str, amount: str, destination: str, *, by: str = "platform"
    ) -> str:
        """A new payout's id; its money is held."""
        body = {
            "player_id": player,
            "amount": amount_of(amount),
            "method": self.cast.method,
            "destination": destination,
            "metadata": _METADATA,
        }
        answer = await self.ask("/v1/cashier/payouts", body, by=by)
        expect("asking for a payout", answer.status, 202)
        return str(answer.body["payout_id"])

    async def approve(self, payout_id: str, *, by: str) -> Answer:
        body = {"decision": "approve", "reason": "documents seen"}
        return await self.ask(f"/v1/cashier/payouts/{payout_id}/approvals", body, by=by)

    # --- looking ------------------------------------------------------------------------------

    async def final_intent(self, intent_id: str) -> Body:
        return await self.until(f"/v1/cashier/intents/{intent_id}")

    async def final_payout(self, payout_id: str) -> Body:
        return await self.until(f"/v1/cashier/payouts/{payout_id}")

    async def final_refund(self, refund_id: str) -> Body:
        return await self.until(f"/v1/cashier/refunds/{refund_id}")

    async def until(self, path: str, status: str | None = None) -> Body:
        """Until the payment is final, or has that status. Raises Deviation after a while."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            seen = await self.look(path)
            if seen["status"] == status or (status is None and seen["final"]):
                return seen
            if time.monotonic() > deadline:
                wanted = f"{status or 'a final state'} within {_PATIENCE_SECONDS:.0f} s"
                raise Deviation(path, wanted, seen["status"])
            await asyncio.sleep(_POLL_SECONDS)

    async def wallet(self, player: str, currency: str, part: str = "available") -> str:
        """What the player can spend, or what is `held`, as `50.10 EUR`."""
        wallet = await self.look(f"/v1/wallet/players/{player}", brand_id=BRAND)
        for balance in wallet["balances"]:
            if balance["available"]["currency"] == currency:
                return text_of(balance[part])
        return text_of_minor(0, currency)

    def _seen(self, given: httpx.Response) -> Answer:
        body: Body = given.json()
        if "status" in body and "version" in body:
            self.watch(str(body["status"]))
        return Answer(given.status_code, body, given.headers)
