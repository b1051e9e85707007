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

Item = dict[str, Any]
"""As it came, before anything of it is believed."""

log = structlog.get_logger("paysaga.psp")

_TEXTS = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")
_REFERENCE = 3
_SIGNATURE = "hmacSignature"


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
            code = item["eventCode"]
            event = _event(our_id, item) if code in TRANSLATED else None
            if event is not None:
                events.append(event)
            else:
                (ignored if code in TRANSLATED or code in IGNORED else unknown).append(code)
        return Delivery(events, ignored, unknown)

    def _verified(self, request: WebhookRequest, item: Item) -> tuple[str, Item]:
        """Our account and the item that it signed. Raises WebhookRefused."""
        content = _signed_text(item)
        known = self._accounts.get(item.get("merchantAccountCode") or "")
        if known is None:
            raise WebhookRefused("unknown_account")
        our_id, account = known
        additional = item.get("additionalData")
        given = additional.get(_SIGNATURE) if isinstance(additional, dict) else None
        if not isinstance(given, str) or not given:
            raise WebhookRefused("missing_signature")
        if not (_is_signed(account, content, given) and _is_admitted(account, request)):
            raise WebhookRefused("signature")
        return our_id, item

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


def _items(told: dict[str, Any]) -> Iterator[Item]:
    listed = told.get("notificationItems")
    if not isinstance(listed, list) or not listed:
        raise WebhookRefused("malformed")
    for wrapped in listed:
        item = wrapped.get("NotificationRequestItem") if isinstance(wrapped, dict) else None
        if not isinstance(item, dict):
            raise WebhookRefused("malformed")
        yield item


def _signed_text(item: Item) -> bytes:
    """Raises WebhookRefused for what could be read in two ways, or not at all."""
    amount = item.get("amount") or {}
    if not isinstance(amount, dict) or type(amount.get("value", 0)) is not int:
        raise WebhookRefused("malformed")
    texts = ["" if item.get(name) is None else item[name] for name in _TEXTS]
    texts += [str(amount.get("value", "")), amount.get("currency", "")]
    texts += [item.get("eventCode"), item.get("success")]
    if not all(isinstance(text, str) for text in texts):
        raise WebhookRefused("malformed")
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


def _event(our_id: str, told: Item) -> PspEvent | None:
    """None for what is about no instruction of ours, or tells nothing of it."""
    meaning = TRANSLATED[told["eventCode"]]
    key = key_for(meaning.operation, told.get("merchantReference") or "")
    if key is None:
        kind = told["eventCode"]
        log.info("psp_event_of_no_instruction", psp="adyen", type=kind, account=our_id)
        return None
    item = _read(told)
    try:
        fact = meaning.fact(item)
        amount = amounts.read(item.amount.value, item.amount.currency)
    except MoneyError:
        raise WebhookRefused("malformed", status=422) from None
    if fact is None:
        return None
    return PspEvent(
        psp="adyen",
        event_id=f"{item.psp_ref}:{item.code}:{item.success}:{_telling(item)}",
        key=key,
        operation=meaning.operation,
        reply=fact,
        amount=amount,
        occurred_at=_moment(item.at),
        raw_type=item.code,
        account=our_id,
    )


def _telling(item: ItemMessage) -> str:
    """Which telling it is, by what is not signed: Adyen may tell the same with another date or
    reason. Under one id that would contradict the first and be refused, and be told for ever."""
    additional = {name: told for name, told in item.additional.items() if name != _SIGNATURE}
    unsigned = [item.at, item.reason, item.method, additional]
    return hashlib.sha256(orjson.dumps(unsigned, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def _read(told: Item) -> ItemMessage:
    try:
        given = {name: value for name, value in told.items() if value is not None}
        return ItemMessage.model_validate(given)
    except ValidationError:
        raise WebhookRefused("malformed", status=422) from None


def _moment(text: str) -> str:
    """RFC 3339, or nothing: the date is not signed, and decides nothing."""
    try:
        return text if datetime.fromisoformat(text).tzinfo else ""
    except ValueError:
        return ""
