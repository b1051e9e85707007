"""Hears Stripe: verified over the raw bytes, then read, then told in our words (`facts.py`)."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.signatures import StampedSignature
from activities.psp.wire import InDoubt
from workflows.domain.events import PspEvent

from .event_types import IGNORED, TRANSLATED
from .events import Event, EventHead
from .facts import Told, read, translated
from .settings import StripeSettings


class Ear:
    """One endpoint for all accounts: whose secret signed says which account it is."""

    def __init__(self, settings: StripeSettings) -> None:
        secrets = [
            (name, secret)
            for name, account in settings.accounts.items()
            for secret in account.webhook_secrets
        ]
        # Their v0 is for tests of Stripe's own, and never believed.
        self._signature = StampedSignature(secrets, header="stripe-signature")

    def hear(self, request: WebhookRequest) -> Delivery:
        """Raises WebhookRefused."""
        account = self._signature.sender_of(request)
        body = _json(request.body)
        kind = read(EventHead, body).type
        if kind not in TRANSLATED:
            return Delivery(ignored=(kind,)) if kind in IGNORED else Delivery(unknown=(kind,))
        event = read(Event, body)
        try:
            found = translated(event)
        except InDoubt:
            raise WebhookRefused("malformed", status=422) from None
        if not found:
            return Delivery(ignored=(kind,))
        return Delivery(tuple(_event(event, account, fact) for fact in found))


def _event(event: Event, account: str, fact: Told) -> PspEvent:
    # What names itself is one event for each thing that it tells, always the same for the same.
    event_id = f"{event.id}:{fact.part}" if fact.part else event.id
    return PspEvent(
        psp="stripe",
        event_id=event_id,
        key=fact.key,
        operation=fact.operation,
        reply=fact.reply,
        amount=fact.amount,
        occurred_at=datetime.fromtimestamp(event.created, UTC).isoformat(),
        raw_type=event.type,
        account=account,
        unasked=fact.unasked,
        about=fact.about,
    )


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise WebhookRefused("malformed", status=422) from None
