"""What one player wants: the means to ask for it, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from dataclasses import dataclass, field

import httpx

from infra.local.demo.cashier import RETURN_URL
from infra.local.demo.expecting import Deviation
from infra.local.demo.money import amount_of
from infra.local.demo.sandbox import SandboxPsp
from tests.chaos.platform import BRAND, Answer, Body, Platform

INTENTS, PAYOUTS = "/v1/cashier/intents", "/v1/cashier/payouts"
_PLACES = {"EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}
_DOUBLE_CLICKS = 0.15


@dataclass
class Errand:
    """A player of its own, with dice of its own: what it does depends on the seed alone."""

    platform: Platform
    psp: SandboxPsp
    dice: random.Random
    player: str
    patience_seconds: float
    """How long the platform follows a payment; what takes longer is looked at at the end."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def some_amount(self, low: int = 5, high: int = 300) -> str:
        """`12.34 EUR`, in any of four currencies."""
        currency = self.dice.choice(sorted(_PLACES))
        places = _PLACES[currency]
        minor = self.dice.randint(low * 10**places, high * 10**places)
        return f"{minor / 10**places:.{places}f} {currency}"

    async def open(
        self, amount: str, token: str, *, manual: bool = False, method: str = "card"
    ) -> str:
        body = {
            "player_id": self.player,
            "amount": amount_of(amount),
            "method": method,
            "return_url": RETURN_URL,
            "payment_token": token,
            "capture_method": "manual" if manual else "automatic",
            "metadata": {"brand_id": BRAND, "region": "eu"},
        }
        return await self._opened(INTENTS, body, "intent_id", INTENTS) or ""

    async def deposit(self, amount: str, token: str = "tok_ok", method: str = "card") -> Body:
        """Opened, authorized, followed until it is final or waits for the player."""
        intent_id = await self.open(amount, token, method=method)
        await self.command(intent_id, "authorize")
        return await self.follow(intent_id, "REQUIRES_ACTION")

    async def held(self, amount: str) -> tuple[str, Body]:
        """A hold that waits to be captured, if nothing came between."""
        intent_id = await self.open(amount, "tok_ok", manual=True)
        await self.command(intent_id, "authorize")
        return intent_id, await self.follow(intent_id, "AUTHORIZED")

    async def refund(self, capture_id: str, amount: str) -> str | None:
        body = {"amount": amount_of(amount)}
        path = f"/v1/cashier/captures/{capture_id}/refunds"
        return await self._opened(path, body, "refund_id", "/v1/cashier/refunds")

    async def pay_out(self, amount: str, destination: str, *, vip: bool = False) -> str | None:
        metadata = {"brand_id": BRAND, "region": "eu"}
        body = {
            "player_id": self.player,
            "amount": amount_of(amount),
            "method": "card",
            "destination": destination,
            "metadata": metadata | ({"player_segment": "vip"} if vip else {}),
        }
        return await self._opened(PAYOUTS, body, "payout_id", PAYOUTS)

    async def command(self, intent_id: str, name: str, body: Body | None = None) -> Answer:
        return await self._ask(f"{INTENTS}/{intent_id}/{name}", body or {})

    async def cancel_payout(self, payout_id: str) -> Answer:
        return await self._ask(f"{PAYOUTS}/{payout_id}/cancel", {})

    async def decide(self, payout_id: str, decision: str, until: str | None = None) -> Answer:
        body = {"decision": decision, "reason": "seen", "until": until}
        return await self._ask(f"{PAYOUTS}/{payout_id}/approvals", body, by="approver")

    async def once(self, payment_id: str, command: str) -> Answer | None:
        """Told once and never again, whatever comes of it: `approve` and `decline` of a payout by
        an approver, all else by the platform."""
        payout = payment_id.startswith("po_")
        body: Body = {}
        path, by = f"{INTENTS}/{payment_id}/{command}", "platform"
        if payout:
            path = f"{PAYOUTS}/{payment_id}/cancel"
        if command in ("approve", "decline"):
            path, by = f"{PAYOUTS}/{payment_id}/approvals", "approver"
            body = {"decision": command, "reason": "seen", "until": None}
        return await self.platform.ask_once(path, body, key=self._key(), dice=self.dice, by=by)

    async def follow(self, payment_id: str, *statuses: str) -> Body:
        return await self.platform.until(payment_id, *statuses, seconds=self.patience_seconds)

    async def answer_the_page(self, url: str, action: str) -> None:
        """As a browser does. A player whose browser gets nothing presses reload, for a while."""
        deadline = time.monotonic() + self.patience_seconds
        while time.monotonic() < deadline:
            try:
                await self.psp.answer(url, action)
            except (httpx.TransportError, Deviation):
                await asyncio.sleep(0.3)
            except LookupError:
                # No button is left: it is answered, or was given up.
                return
            else:
                return

    async def _opened(self, path: str, body: Body, name: str, shown_at: str) -> str | None:
        """The id of the payment; None when it was refused."""
        key = self._key()
        answers = await asyncio.gather(
            *(
                self.platform.ask(path, body, key=key, dice=self.dice)
                for _ in range(1 + (self.dice.random() < _DOUBLE_CLICKS))
            )
        )
        payment_id = None
        for answer in answers:
            if answer.body.get(name):
                payment_id = str(answer.body[name])
                self.platform.diary.opened(key, payment_id, f"{shown_at}/{payment_id}")
        return payment_id if all(answer.given for answer in answers) else None

    async def _ask(self, path: str, body: Body, *, by: str = "platform") -> Answer:
        return await self.platform.ask(path, body, key=self._key(), dice=self.dice, by=by)

    def _key(self) -> str:
        return f"{self.player}-{next(self._numbers)}"
