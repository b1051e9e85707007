"""Hears Adyen: every item of a delivery is verified, and one that cannot be read costs no other.

What is not among the eight signed fields (reason, date, method, operations, additional data) is as
true as the connection that it came by: it chooses words, never whether money moved.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson
import structlog
from pydantic import ValidationError

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from workflows.domain.events import PspEvent
from workflows.domain.money import MoneyError
from workflows.domain.psp import Approved, Fact, Operation

from . import amounts, transfer_webhooks
from .events import IGNORED, TRANSLATED, UNASKED, done_unasked, name_of
from .keys import Reference, read_reference
from .messages import ItemMessage
from .settings import AdyenAccount
from .signed import SIGNATURE, Item, Signed, Unreadable, is_signed, signed_of

log = structlog.get_logger("paysaga.psp")

_MOVES = TRANSLATED.keys() | UNASKED.keys()
UNSIGNED = ("occurred_at", "reply.reason", "reply.code", "reply.advice", "reply.authentication")
"""Of an event of ours, the members that come from what Adyen does not sign: words alone."""


@dataclass
class _Heard:
    events: list[PspEvent] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    aside: list[tuple[WebhookRefused, str]] = field(default_factory=list)
    """What could not be read, why, and its event code."""

    def delivery(self) -> Delivery:
        """Raises WebhookRefused where nothing of it could be read."""
        if self.aside and not (self.events or self.ignored or self.unknown):
            raise self.aside[0][0]
        for why, code in self.aside:
            log.error("psp_event_put_aside", psp="adyen", rule=why.rule, type=code)
        unknown = [*self.unknown, *(code for _, code in self.aside)]
        return Delivery(self.events, self.ignored, unknown)


class Ear:
    """One endpoint for all accounts and both kinds of webhooks: many items each signed, or one body
    signed as a whole."""

    def __init__(self, accounts: Mapping[str, AdyenAccount]) -> None:
        self._accounts = {a.merchant_account: (our_id, a) for our_id, a in accounts.items()}

    def hear(self, request: WebhookRequest) -> Delivery:
        """An item that is not rightly signed refuses all; one that cannot be read is put aside.
        Raises WebhookRefused."""
        document = _document(request.body)
        if "hmacsignature" in request.headers and "notificationItems" not in document:
            return self._signed_as_a_whole(request, document)
        heard = _Heard()
        for item in _items(document):
            self._take(request, item, heard)
        return heard.delivery()

    def _take(self, request: WebhookRequest, item: Item | None, heard: _Heard) -> None:
        """Raises WebhookRefused for a signature that is not there or wrong: then nobody knows who
        made this delivery, and Adyen tells a genuine one again."""
        code = item.get("eventCode") if item else None
        shown = code[:64] if isinstance(code, str) else "unreadable"
        try:
            signed = signed_of(item or {})
            our_id, account = self._account_of(item or {})
        except Unreadable:
            heard.aside.append((WebhookRefused("malformed"), shown))
            return
        except WebhookRefused as refused:
            heard.aside.append((refused, shown))
            return
        _verify(request, item or {}, signed, account)
        try:
            self._translate(our_id, item or {}, signed, heard)
        except (ValidationError, MoneyError):
            heard.aside.append((WebhookRefused("malformed", status=422), shown))
        except WebhookRefused as refused:
            heard.aside.append((refused, shown))

    def _account_of(self, item: Item) -> tuple[str, AdyenAccount]:
        known = self._accounts.get(item.get("merchantAccountCode") or "")
        if known is None:
            raise WebhookRefused("unknown_account")
        return known

    def _translate(self, our_id: str, item: Item, signed: Signed, heard: _Heard) -> None:
        code = item["eventCode"]
        if code not in _MOVES:
            (heard.ignored if code in IGNORED else heard.unknown).append(code)
            return
        if signed.is_ambiguous:
            raise WebhookRefused("ambiguous")
        event = _event(our_id, item, signed)
        if event is None:
            heard.ignored.append(code)
        else:
            heard.events.append(event)

    def _signed_as_a_whole(self, request: WebhookRequest, document: dict[str, Any]) -> Delivery:
        """Adyen's younger webhooks, signed in a header: of them transfers are about payouts."""
        given = request.headers["hmacsignature"]
        signers = {
            our_id: account
            for our_id, account in self._accounts.values()
            if is_signed(request.body, given, account.transfer_hmac_keys or account.hmac_keys)
            and _is_admitted(account, request)
        }
        if not signers:
            raise WebhookRefused("signature")
        kind = str(document.get("type") or document.get("eventType") or "")
        if kind in transfer_webhooks.TRANSLATED:
            return transfer_webhooks.hear(kind, document, signers)
        return Delivery(ignored=(kind,)) if kind in IGNORED else Delivery(unknown=(kind,))


def _document(body: bytes) -> dict[str, Any]:
    """What is not signed may be anything: 401."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(read, dict):
        raise WebhookRefused("malformed")
    return read


def _items(document: dict[str, Any]) -> Iterator[Item | None]:
    """None for what is no item."""
    listed = document.get("notificationItems")
    if not isinstance(listed, list) or not listed:
        raise WebhookRefused("malformed")
    for wrapped in listed:
        item = wrapped.get("NotificationRequestItem") if isinstance(wrapped, dict) else None
        yield item if isinstance(item, dict) else None


def _verify(request: WebhookRequest, item: Item, signed: Signed, account: AdyenAccount) -> None:
    additional = item.get("additionalData")
    given = additional.get(SIGNATURE) if isinstance(additional, dict) else None
    if not isinstance(given, str) or not given:
        raise WebhookRefused("missing_signature")
    if not (signed.is_signed(given, account.hmac_keys) and _is_admitted(account, request)):
        raise WebhookRefused("signature")


def _is_admitted(account: AdyenAccount, request: WebhookRequest) -> bool:
    """By user and password, where the endpoint has some."""
    wanted = account.authorization
    given = request.headers.get("authorization", "")
    return wanted is None or hmac.compare_digest(wanted.encode(), given.encode())


def _event(our_id: str, item: Item, signed: Signed) -> PspEvent | None:
    """None for what is about no payment of ours, or tells nothing of it. Raises ValidationError,
    MoneyError."""
    code, ours = item["eventCode"], read_reference(item.get("merchantReference") or "")
    meaning = TRANSLATED.get(code)
    key = meaning.key(code, ours) if meaning else None
    if meaning is not None and ours is not None and key is not None:
        read = _read(item, signed)
        fact = meaning.fact(read, ours)
        if fact is None:
            return None
        return _made(our_id, read, signed, fact, key, meaning.operation)
    authorization = ours.authorization if ours else None
    if code not in UNASKED or not (item.get("originalReference") or authorization):
        log.info("psp_event_of_no_instruction", psp="adyen", type=code, account=our_id)
        return None
    return _unasked(our_id, _read(item, signed), signed, ours)


def _unasked(
    our_id: str, item: ItemMessage, signed: Signed, ours: Reference | None
) -> PspEvent | None:
    """What was done without us; that something failed which we did not ask for changes nothing."""
    fact = Approved(name_of(item), amounts.read(item.amount.value, item.amount.currency))
    if not item.succeeded:
        return None
    key = (ours.authorization if ours else None) or ""
    operation = done_unasked(item, ours)
    made = _made(our_id, item, signed, fact, key, operation or Operation.VOID)
    # Without an original it is the payment itself that the event is about.
    about = made.about or (item.psp_ref,)
    unsigned = made.unsigned if operation else (*made.unsigned, "operation")
    return replace(made, unasked=True, about=about, unsigned=unsigned)


def _made(
    our_id: str, item: ItemMessage, signed: Signed, fact: Fact, key: str, operation: Operation
) -> PspEvent:
    """Named by what is signed alone: told again with another date or reason it is the same event,
    and whoever changes those makes no new one."""
    return PspEvent(
        psp="adyen",
        event_id=f"{item.psp_ref}:{item.code}:{item.success}:{signed.digest}",
        key=key,
        operation=operation,
        reply=fact,
        amount=amounts.read(item.amount.value, item.amount.currency),
        occurred_at=_moment(item.at),
        raw_type=item.code,
        account=our_id,
        about=(item.original,) if item.original else (),
        unsigned=UNSIGNED,
    )


def _read(item: Item, signed: Signed) -> ItemMessage:
    """What was signed in one way of writing, and of the rest what Adyen gives a value."""
    given = {name: value for name, value in item.items() if value is not None}
    return ItemMessage.model_validate(given | signed.members())


def _moment(text: str) -> str:
    """RFC 3339, or nothing: the date is not signed, and decides nothing."""
    try:
        return text if datetime.fromisoformat(text).tzinfo else ""
    except ValueError:
        return ""
