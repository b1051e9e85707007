"""A merchant that speaks to the lookalike of Adyen, and hears its signed webhooks."""

from __future__ import annotations

import base64
import hmac
import itertools
from dataclasses import dataclass
from typing import Any

import httpx
from Adyen.util import is_valid_hmac_notification

from infra.local.psps.base.profile import find
from tests.infra.local.psps.running import Running, until

BACK = "https://casino.example/back?intent=1"
PROFILE = find("adyen")
TOKENS = PROFILE.tokens
_NUMBERS = itertools.count(1)
Body = dict[str, Any]


def fresh(step: str = "authorize") -> str:
    """A reference nobody used: `in_7:authorize`."""
    return f"in_{next(_NUMBERS)}:{step}"


def amount(value: int, currency: str = "EUR") -> Body:
    return {"value": value, "currency": currency}


@dataclass(frozen=True)
class Caller:
    at: Running

    async def post(
        self, path: str, body: Body, *, account: str = "primary", key: str = "", right: str = ""
    ) -> httpx.Response:
        """With the account's name added, where the body does not say one."""
        credentials = self.at.credentials[account]
        headers = {"X-API-Key": credentials[right or "api_key"]}
        if key:
            headers["Idempotency-Key"] = key
        named = {} if path == "/v71/payments/details" else {"merchantAccount": self.name(account)}
        return await self.at.http.post(path, json={**named, **body}, headers=headers)

    def name(self, account: str = "primary") -> str:
        return self.at.credentials[account]["merchant_account"]

    async def pay(
        self,
        token: str = TOKENS.ok,
        value: int = 5010,
        currency: str = "EUR",
        *,
        account: str = "primary",
        key: str = "",
        **more: object,
    ) -> httpx.Response:
        body: Body = {
            "amount": amount(value, currency),
            "paymentMethod": {"type": "scheme", "storedPaymentMethodId": token},
            "shopperReference": "pl_1",
            "reference": fresh(),
            "returnUrl": BACK,
            **more,
        }
        return await self.post("/v71/payments", body, account=account, key=key)

    async def held(self, token: str = TOKENS.ok, value: int = 5010, **more: Any) -> str:
        """The pspReference of an authorised payment."""
        payment: Body = (await self.pay(token, value, **more)).json()
        assert payment["resultCode"] == "Authorised", payment
        return str(payment["pspReference"])

    async def modify(
        self, psp_reference: str, how: str, value: int | None = None, **more: Any
    ) -> Body:
        """`how`: captures, cancels, …; what was received."""
        priced = {} if value is None else {"amount": amount(value, more.pop("currency", "EUR"))}
        key = more.pop("key", "")
        answer = await self.post(
            f"/v71/payments/{psp_reference}/{how}", {**priced, **more}, key=key
        )
        assert answer.status_code == 201, answer.text
        received: Body = answer.json()
        assert received["status"] == "received"
        return received

    async def taken(self, token: str = TOKENS.ok, value: int = 5010) -> str:
        """The pspReference of a captured payment."""
        payment = await self.held(token, value)
        made = await self.modify(payment, "captures", value)
        await self.notice("CAPTURE", made["pspReference"])
        return payment

    async def pay_out(self, detail: str, *, reference: str, value: int = 2500) -> Body:
        body = {
            "amount": amount(value),
            "reference": reference,
            "shopperEmail": "player@casino.example",
            "shopperReference": "pl_1",
            "recurring": {"contract": "PAYOUT"},
            "selectedRecurringDetailReference": detail,
        }
        answer = await self.payout("submitThirdParty", body, right="store_payout_key")
        assert answer.status_code == 200, answer.text
        submitted: Body = answer.json()
        return submitted

    async def review(self, how: str, psp_reference: str) -> httpx.Response:
        """`how`: confirm or decline."""
        body = {"originalReference": psp_reference}
        return await self.payout(f"{how}ThirdParty", body, right="review_payout_key")

    async def payout(self, call: str, body: Body, *, right: str, key: str = "") -> httpx.Response:
        return await self.post(f"/pal/servlet/Payout/v68/{call}", body, right=right, key=key)

    async def notice(self, event: str, about: str) -> Body:
        """The webhook of this kind with this pspReference, or about this original."""
        await until(lambda: bool(self._found(event, about)))
        return self._found(event, about)[0]

    async def told_of(self, reference: str, count: int = 1) -> list[Body]:
        """The first webhooks with this merchantReference."""

        def found() -> list[Body]:
            return [item for item in self.items() if item["merchantReference"] == reference]

        await until(lambda: len(found()) >= count)
        return found()

    def items(self) -> list[Body]:
        """All that were told, each with a signature that Adyen's own library accepts."""
        found = []
        for heard in self.at.receiver.taken:
            for each in heard.message.get("notificationItems", ()):
                item: Body = each["NotificationRequestItem"]
                self._verify(item)
                found.append(item)
        return found

    def _found(self, event: str, about: str) -> list[Body]:
        return [
            item
            for item in self.items()
            if item["eventCode"] == event
            and about in (item["pspReference"], item.get("originalReference"))
        ]

    def _verify(self, item: Body) -> None:
        for known in self.at.credentials.values():
            if known["merchant_account"] == item["merchantAccountCode"]:
                assert is_valid_hmac_notification(item, known["hmac_key"])
                return
        raise AssertionError("a webhook of nobody's account")

    async def transfer(self, to: str, *, reference: str, category: str = "bank") -> httpx.Response:
        found = self.at.credentials["primary"]
        card = {"cardHolder": {"reference": "pl_1"}}
        card["cardIdentification"] = {"storedPaymentMethodId": to}
        party: Body = {"card": card} if category == "card" else {"transferInstrumentId": to}
        body = {
            "amount": amount(2500),
            "balanceAccountId": found["balance_account"],
            "category": category,
            "counterparty": party,
            "reference": reference,
        }
        if category == "bank":
            body["priority"] = "regular"
        headers = {"X-API-Key": found["transfer_key"]}
        return await self.at.http.post("/btl/v4/transfers", json=body, headers=headers)

    async def transfers_told(self, reference: str, status: str) -> Body:
        """The webhook of a transfer in this status, with a signature of its whole body."""

        def found() -> list[Any]:
            found_found = [each for each in self.at.receiver.taken if "data" in each.message]
            mine = [each for each in found_found if each.message["data"]["reference"] == reference]
            return [each for each in mine if each.message["data"]["status"] == status]

        await until(lambda: bool(found()))
        heard = found()[0]
        key = self.at.credentials["primary"]["transfer_hmac_key"]
        mac = hmac.digest(bytes.fromhex(key), heard.body, "sha256")
        assert heard.headers["hmacsignature"] == base64.b64encode(mac).decode()
        document: Body = heard.message
        return document

    async def story(self, reference: str) -> list[str]:
        return await self.at.psp.story(reference)
