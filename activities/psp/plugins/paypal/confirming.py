"""Whether PayPal really sent what a certificate alone speaks for: PayPal is asked for the event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from activities.psp.contract import WebhookRefused

from .client import Client
from .heard import EventHead

EVENTS = "/v1/notifications/webhooks-events"

Confirm = Callable[[Client, EventHead], Awaitable[EventHead]]


async def by_its_event(client: Client, head: EventHead) -> EventHead:
    """The event of this id as PayPal has it: that is believed, whatever the webhook said.

    Raises WebhookRefused; with 503 where PayPal could not be asked, so that it sends again.
    """
    async with client.asking.about_a_webhook():
        answer = await client.get(f"{EVENTS}/{head.id}", "")
        if answer.status == 404:
            raise WebhookRefused("unconfirmed")
        if answer.status != 200:
            raise WebhookRefused("verification_unavailable", status=503)
        event = answer.read(EventHead)
    if event.id != head.id:
        raise WebhookRefused("unconfirmed")
    return event
