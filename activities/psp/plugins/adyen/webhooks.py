"""Hears Adyen: every item of a delivery is verified, or the whole delivery is refused.

An item is signed over eight of its fields: HMAC-SHA256 with the hexadecimal key, written in base64,
over the fields parted by colons. Colons in the fields are not escaped; our references have some,
so no other field may. What is not among the eight (reason, date, additional data) is as true as
the connection that it came by.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson
import structlog
from pydantic import ValidationError

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from workflows.domain.money import MoneyError
from workflows.domain.psp import PspEvent

from . import amounts
from .events import IGNORED, TRANSLATED
from .keys import key_for
from .messages import ItemMessage
from .settings import AdyenAccount

log = structlog.get_logger("paysaga.psp")

_TEXTS = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")
_REFERENCE = 3


class Ear:
    def __init__(self, accounts: Mapping[str, AdyenAccount]) -> None:
        self._accounts = {a.merchant_account: (our_id, a) for our_id, a in accounts.items()}

    def hear(self, request: WebhookRequest) -> Delivery:
        told = _document(request.body)
        if "hmacsignature" in request.headers and "notificationItems" not in told:
            return self._signed_as_a_whole(request, told)
        verified = [self._verified(request, item) for item in _items(told)]
        events: list[PspEvent] = []
        ignored: list[str] = []
        unknown: list[str] = []
        for our_id, item in verified:
            if item.code in TRANSLATED:
                event = _event(our_id, item)
                events += [event] if event else []
                ignored += [] if event else [item.code]
            else:
                (ignored if item.code in IGNORED else unknown).append(item.code)
        return Delivery(events, ignored, unknown)

    def _verified(self, request: WebhookRequest, item: dict[str, Any]) -> tuple[str, ItemMessage]:
        """Our account and the item that it signed. Raises WebhookRefused."""
        content = _signed_text(item)
        if item["merchantAccountCode"] not in self._accounts:
            raise WebhookRefused("unknown_account")
        our_id, account = self._accounts[item["merchantAccountCode"]]
        additional = item.get("additionalData")
        given = additional.get("hmacSignature") if isinstance(additional, dict) else None
        if not isinstance(given, str) or not given:
            raise WebhookRefused("missing_signature")
        if not (_is_signed(account, content, given) and _is_admitted(account, request)):
            raise WebhookRefused("signature")
        try:
            return our_id, ItemMessage.model_validate(item)
        except ValidationError:
            raise WebhookRefused("malformed", status=422) from None

    def _signed_as_a_whole(self, request: WebhookRequest, told: dict[str, Any]) -> Delivery:
        """Adyen's younger webhooks, none of which is about an instruction: signed in a header."""
        given = request.headers["hmacsignature"]
        signers = [
            account
            for _, account in self._accounts.values()
            if _is_signed(account, request.body, given) and _is_admitted(account, request)
        ]
        if not signers:
            raise WebhookRefused("signature")
        kind = str(told.get("type") or told.get("eventType") or "")
        return Delivery(ignored=(kind,)) if kind in IGNORED else Delivery(unknown=(kind,))


def _document(body: bytes) -> dict[str, Any]:
    """What is not signed may be anything: 401."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        raise WebhookRefused("malformed")
    return told


def _items(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    listed = told.get("notificationItems")
    if not isinstance(listed, list) or not listed:
        raise WebhookRefused("malformed")
    for wrapped in listed:
        item = wrapped.get("NotificationRequestItem") if isinstance(wrapped, dict) else None
        if not isinstance(item, dict):
            raise WebhookRefused("malformed")
        yield item


def _signed_text(item: dict[str, Any]) -> bytes:
    """Raises WebhookRefused for what could be read in two ways, or not at all."""
    amount = item.get("amount")
    value = amount.get("value") if isinstance(amount, dict) else None
    currency = amount.get("currency") if isinstance(amount, dict) else None
    fields: list[Any] = [item.get(name) or "" for name in _TEXTS]
    fields += [value, currency, item.get("eventCode"), item.get("success")]
    if type(value) is not int or any(not isinstance(f, str) for f in fields if f is not value):
        raise WebhookRefused("malformed")
    texts = [str(field) for field in fields]
    if any(":" in text for place, text in enumerate(texts) if place != _REFERENCE):
        raise WebhookRefused("ambiguous")
    return ":".join(texts).encode("utf-8", "surrogatepass")


def _is_signed(account: AdyenAccount, content: bytes, given: str) -> bool:
    """As text, not decoded: several base64 texts are the same bytes. Every key is compared."""
    theirs = given.encode("utf-8", "surrogatepass")
    right = [base64.b64encode(hmac.digest(k, content, hashlib.sha256)) for k in account.hmac_keys]
    matches = [hmac.compare_digest(mine, theirs) for mine in right]
    return any(matches)


def _is_admitted(account: AdyenAccount, request: WebhookRequest) -> bool:
    """By user and password, where the endpoint has some."""
    wanted = account.authorization
    given = request.headers.get("authorization", "")
    return wanted is None or hmac.compare_digest(wanted.encode(), given.encode())


def _event(our_id: str, item: ItemMessage) -> PspEvent | None:
    """None for what is about no instruction of ours, or tells nothing of it."""
    meaning = TRANSLATED[item.code]
    key = key_for(meaning.operation, item.reference)
    if key is None:
        log.info("psp_event_of_no_instruction", psp="adyen", type=item.code, account=our_id)
        return None
    try:
        fact = meaning.fact(item)
        amount = amounts.read(item.amount.value, item.amount.currency)
    except MoneyError:
        raise WebhookRefused("malformed", status=422) from None
    if fact is None:
        return None
    return PspEvent(
        psp="adyen",
        # The same item comes again as it was; of one authorization both a yes and a no can come.
        event_id=f"{item.psp_ref}:{item.code}:{item.success}",
        key=key,
        operation=meaning.operation,
        reply=fact,
        amount=amount,
        occurred_at=_moment(item.at),
        raw_type=item.code,
        account=our_id,
    )


def _moment(text: str) -> str:
    """RFC 3339, or nothing: the date is not signed, and decides nothing."""
    try:
        return text if datetime.fromisoformat(text).tzinfo else ""
    except ValueError:
        return ""
