"""A merchant that speaks to the lookalike of PayPal, and hears its signed webhooks."""

from __future__ import annotations

import base64
import itertools
import zlib
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.infra.local.psps.running import Heard, Running, until

BACK, LEFT = "https://casino.example/back?intent=1", "https://casino.example/left"
_NUMBERS = itertools.count(1)


def fresh(step: str = "authorize") -> str:
    """A key nobody used: `in_7:authorize`."""
    return f"in_{next(_NUMBERS)}:{step}"


def euros(value: str) -> dict[str, str]:
    return {"currency_code": "EUR", "value": value}


@dataclass(frozen=True)
class Merchant:
    at: Running
    tokens: dict[str, str] = field(default_factory=dict)
    """By merchant account."""

    async def token(self, account: str = "primary", secret: str | None = None) -> httpx.Response:
        credentials = self.at.credentials[account]
        return await self.at.http.post(
            "/v1/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(credentials["client_id"], secret or credentials["client_secret"]),
        )

    async def headers(self, account: str) -> dict[str, str]:
        if account not in self.tokens:
            self.tokens[account] = (await self.token(account)).json()["access_token"]
        return {"Authorization": f"Bearer {self.tokens[account]}"}

    async def post(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        key: str | None = None,
        account: str = "primary",
        whole: bool = True,
    ) -> httpx.Response:
        headers = await self.headers(account) | {"PayPal-Request-Id": key or fresh("any")}
        if whole:
            headers["Prefer"] = "return=representation"
        if body is None:
            return await self.at.http.post(path, headers=headers)
        return await self.at.http.post(path, json=body, headers=headers)

    async def get(self, path: str, *, account: str = "primary", **query: str) -> httpx.Response:
        return await self.at.http.get(path, params=query, headers=await self.headers(account))

    # --- orders -------------------------------------------------------------------------------

    async def order(
        self,
        value: str = "50.10",
        currency: str = "EUR",
        *,
        reference: str | None = None,
        account: str = "primary",
        **more: Any,
    ) -> httpx.Response:
        """A new one, to be approved at PayPal."""
        unit = {
            "amount": {"currency_code": currency, "value": value},
            "custom_id": reference or fresh(),
        }
        context = {"return_url": BACK, "cancel_url": LEFT}
        body = {
            "intent": "AUTHORIZE",
            "purchase_units": [unit],
            "payment_source": {"paypal": {"experience_context": context}},
            **more,
        }
        return await self.post("/v2/checkout/orders", body, account=account)

    async def approved(self, funding: str = "balance", **more: Any) -> dict[str, Any]:
        """An order that the payer has approved."""
        made: dict[str, Any] = (await self.order(**more)).json()
        await self.at.psp.answer(linked(made, "payer-action"), "approve", funding=funding)
        return made

    async def authorize(
        self, order: dict[str, Any], *, account: str = "primary", key: str | None = None
    ) -> httpx.Response:
        path = f"/v2/checkout/orders/{order['id']}/authorize"
        return await self.post(path, {}, account=account, key=key)

    async def held(self, funding: str = "balance", **more: Any) -> dict[str, Any]:
        """An authorization, as its order shows it."""
        order = await self.approved(funding, **more)
        answer = await self.authorize(order, account=more.get("account", "primary"))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()["purchase_units"][0]["payments"]["authorizations"][0]
        return made

    async def captured(self, funding: str = "balance", **more: Any) -> dict[str, Any]:
        held = await self.held(funding, **more)
        answer = await self.post(f"/v2/payments/authorizations/{held['id']}/capture", {})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    # --- payouts ------------------------------------------------------------------------------

    async def pay_out(
        self,
        receiver: str,
        *,
        key: str | None = None,
        batch: str | None = None,
        value: str = "45.60",
    ) -> httpx.Response:
        item = {
            "recipient_type": "PAYPAL_ID",
            "amount": {"currency": "EUR", "value": value},
            "receiver": receiver,
            "sender_item_id": key or fresh("payout"),
        }
        header = {"sender_batch_id": batch or fresh("batch"), "email_subject": "You won"}
        body = {"sender_batch_header": header, "items": [item]}
        return await self.post("/v1/payments/payouts", body)

    async def item_of(self, batch: dict[str, Any], status: str) -> dict[str, Any]:
        """The only item of a batch, once it has that status."""
        path = f"/v1/payments/payouts/{batch['batch_header']['payout_batch_id']}"
        found: list[dict[str, Any]] = []

        async def ended() -> bool:
            found[:] = (await self.get(path)).json()["items"]
            return bool(found[0]["transaction_status"] == status)

        await until(ended)
        return found[0]

    # --- webhooks -----------------------------------------------------------------------------

    async def heard(self, about: str, count: int) -> list[Heard]:
        """The first webhooks in which this id or reference stands."""

        def found() -> list[Heard]:
            return [each for each in self.at.receiver.taken if about.encode() in each.body]

        await until(lambda: len(found()) >= count)
        return found()

    async def events(self, about: str, count: int) -> list[str]:
        """Their types, in order; all are signed rightly."""
        heard = await self.heard(about, count)
        for each in heard:
            await self.check_signature(each)
        return [each.message["event_type"] for each in heard]

    async def check_signature(self, heard: Heard, account: str = "primary") -> None:
        """With the certificate, as a merchant does who asks nobody. Raises InvalidSignature."""
        headers = heard.headers
        pem = (await self.at.http.get(headers["paypal-cert-url"])).content
        key = x509.load_pem_x509_certificate(pem).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        webhook_id = self.at.credentials[account]["webhook_id"]
        parts = (
            headers["paypal-transmission-id"],
            headers["paypal-transmission-time"],
            webhook_id,
            str(zlib.crc32(heard.body)),
        )
        signature = base64.b64decode(headers["paypal-transmission-sig"])
        key.verify(signature, "|".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())

    async def story(self, reference: str) -> list[str]:
        return await self.at.psp.story(reference)


def linked(resource: dict[str, Any], rel: str) -> str:
    [found] = [str(each["href"]) for each in resource["links"] if each["rel"] == rel]
    return found


def issue(answer: httpx.Response) -> tuple[int, str]:
    """The status and what PayPal says is wrong."""
    return answer.status_code, str(answer.json()["details"][0]["issue"])
