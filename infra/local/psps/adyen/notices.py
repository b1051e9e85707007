"""Adyen's webhooks: signed items, one or several in a delivery."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from infra.local.psps.adyen.models import iso8601
from infra.local.psps.base.context import Context
from infra.local.psps.base.outbox import Event

_FILL_SECONDS = 0.3
YOUNGER = "balancePlatform."
"""How the types of younger webhooks begin."""


@dataclass(frozen=True)
class Item:
    account: str
    event: str
    psp_reference: str
    reference: str
    amount: int
    currency: str
    success: bool = True
    original: str = ""
    method: str = ""
    reason: str = ""
    additional: Mapping[str, str] = field(default_factory=dict)
    operations: tuple[str, ...] = ()
    at: float = field(default_factory=time.time)


class Notices:
    def __init__(self, context: Context) -> None:
        self._context, self._waiting = context, list[Item]()
        self.size = 1
        """So many items go in one delivery, if they come within a moment."""

    def tell(self, item: Item) -> None:
        self._waiting.append(item)
        if len(self._waiting) >= self.size:
            self.flush()
        else:
            self._context.later.do(_FILL_SECONDS, self.flush)

    def flush(self) -> None:
        """Send what waits; an account has deliveries of its own."""
        waiting, self._waiting = self._waiting, []
        for account in dict.fromkeys(item.account for item in waiting):
            self._send(account, [item for item in waiting if item.account == account])

    def sign(self, event: Event) -> dict[str, str]:
        """Basic, where the account has it configured; the HMAC stands in each item, or of a
        younger webhook in a header."""
        credentials = self._context.credentials[event.account]
        headers: dict[str, str] = {}
        if event.type.startswith(YOUNGER):
            mac = hmac.digest(
                bytes.fromhex(credentials["transfer_hmac_key"]), event.body, hashlib.sha256
            )
            headers["HmacSignature"] = base64.b64encode(mac).decode()
            headers["Protocol"] = "HmacSHA256"
        user, password = (
            credentials.get("webhook_username", ""),
            credentials.get("webhook_password", ""),
        )
        if user:
            made = base64.b64encode(f"{user}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {made}"
        return headers

    def tell_whole(self, kind: str, account: str, reference: str, body: bytes, id_: str) -> None:
        """A younger webhook, which is signed in a header as a whole."""
        self._context.outbox.put(id_, kind, account, reference, body)

    def _send(self, account: str, items: list[Item]) -> None:
        credentials = self._context.credentials[account]
        made = [{"NotificationRequestItem": _signed(item, credentials)} for item in items]
        body = orjson.dumps({"live": "false", "notificationItems": made})
        first = items[0]
        kinds = ",".join(item.event for item in items)
        id_ = f"{account}.{first.psp_reference}.{first.event}"
        self._context.outbox.put(id_, kinds, account, first.reference, body)


def accepts(response: httpx.Response) -> bool:
    return response.is_success and "[accepted]" in response.text


def _signed(item: Item, credentials: Mapping[str, str]) -> dict[str, Any]:
    merchant = credentials["merchant_account"]
    success = "true" if item.success else "false"
    signed = ":".join(
        (
            item.psp_reference,
            item.original,
            merchant,
            item.reference,
            str(item.amount),
            item.currency,
            item.event,
            success,
        )
    )
    mac = hmac.digest(bytes.fromhex(credentials["hmac_key"]), signed.encode(), hashlib.sha256)
    made: dict[str, Any] = {
        "additionalData": {**item.additional, "hmacSignature": base64.b64encode(mac).decode()},
        "amount": {"currency": item.currency, "value": item.amount},
        "eventCode": item.event,
        "eventDate": iso8601(item.at),
        "merchantAccountCode": merchant,
        "merchantReference": item.reference,
        "pspReference": item.psp_reference,
        "reason": item.reason,
        "success": success,
    }
    if item.original:
        made["originalReference"] = item.original
    if item.method:
        made["paymentMethod"] = item.method
    if item.operations:
        made["operations"] = list(item.operations)
    return made
