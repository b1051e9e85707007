"""A merchant that speaks to the lookalike of Stripe in forms, and hears its signed webhooks."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import stripe

from infra.local.psps.base.profile import find
from tests.infra.local.psps.running import Running, as_process, until

BACK = "https://casino.example/back?intent=1"
_NUMBERS = itertools.count(1)


def fresh(step: str = "authorize") -> str:
    """A key nobody used: `in_7:authorize`."""
    return f"in_{next(_NUMBERS)}:{step}"


@dataclass(frozen=True)
class Caller:
    at: Running

    async def post(
        self, path: str, *, key: str | None = None, account: str = "primary", **form: str
    ) -> httpx.Response:
        """A name with `__` is one in brackets: `metadata__intent` is `metadata[intent]`."""
        headers = self.headers(account) | {"Idempotency-Key": key or fresh("any")}
        fields = {_bracketed(name): value for name, value in form.items()}
        return await self.at.http.post(f"/v1{path}", data=fields, headers=headers)

    async def get(self, path: str, *, account: str = "primary", **query: str) -> httpx.Response:
        params = {_bracketed(name): value for name, value in query.items()}
        return await self.at.http.get(f"/v1{path}", params=params, headers=self.headers(account))

    async def authorize(
        self,
        method: str = "pm_card_visa",
        *,
        key: str | None = None,
        account: str = "primary",
        **form: str,
    ) -> httpx.Response:
        asked = {
            "amount": "5010",
            "currency": "eur",
            "confirm": "true",
            "capture_method": "manual",
            "payment_method": method,
            "return_url": BACK,
            **form,
        }
        return await self.post("/payment_intents", key=key, account=account, **asked)

    async def captured(self, method: str = "pm_card_visa", **form: str) -> dict[str, Any]:
        """A payment intent that has succeeded."""
        made = (await self.authorize(method, **form)).json()
        answer = await self.post(f"/payment_intents/{made['id']}/capture")
        assert answer.status_code == 200, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    def headers(self, account: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.at.credentials[account]['secret_key']}"}

    async def events(self, about: str, count: int) -> list[dict[str, Any]]:
        """The first webhooks about this object or its payment intent, signatures checked."""

        def found() -> list[dict[str, Any]]:
            return [
                each.message
                for each in self.at.receiver.taken
                if about in _names(each.message["data"]["object"])
            ]

        await until(lambda: len(found()) >= count)
        for heard in self.at.receiver.taken:
            self._verify(heard.headers["stripe-signature"], heard.body)
        return found()

    def _verify(self, signature: str, body: bytes) -> None:
        secrets = [known["webhook_secret"] for known in self.at.credentials.values()]
        for secret in secrets:
            try:
                # At any age: a slow machine looks at it long after it came.
                stripe.WebhookSignature.verify_header(body.decode(), signature, secret, None)
            except stripe.SignatureVerificationError:
                continue
            return
        raise AssertionError("Stripe's own library does not accept the signature")


def _names(thing: dict[str, Any]) -> set[str]:
    return {thing["id"], thing.get("payment_intent", "")}


def _bracketed(name: str) -> str:
    first, *others = name.split("__")
    return first + "".join(f"[{each}]" for each in others)


@asynccontextmanager
async def stripe_lookalike(folder: Path) -> AsyncIterator[Caller]:
    async with as_process("stripe", find("stripe").credentials(folder)) as running:
        yield Caller(running)
