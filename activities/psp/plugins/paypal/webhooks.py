"""Hears PayPal: verified over the raw bytes for one of our accounts, then translated."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import orjson
from pydantic import ValidationError

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.wire import InDoubt

from . import authorities
from .client import Client
from .confirming import Confirm, by_its_event
from .events import IGNORED, TRANSLATED
from .heard import EventHead, Unfit, Webhook
from .verification import ByAsking, ByCertificate, Transmission
from .x509 import Certificates, Fetch, FromTheirPlaces

Verifier = ByCertificate | ByAsking


class Ear:
    """One endpoint for all accounts: the webhook id that verifies names the account."""

    def __init__(
        self, clients: Mapping[str, Client], fetch: Fetch | None, confirm: Confirm | None
    ) -> None:
        self._places = FromTheirPlaces()
        self._fetch, self._confirm = fetch or self._places, confirm or by_its_event
        self._clients = clients
        shelves: dict[Path | None, Certificates] = {}
        self._verifiers: list[tuple[str, Verifier]] = []
        for name, client in clients.items():
            ca = client.account.webhook_ca
            shelf = shelves.setdefault(ca, Certificates(self._fetch, ca))
            self._verifiers += [(name, verifier) for verifier in _verifiers_of(client, shelf)]
        if any(isinstance(verifier, ByCertificate) for _, verifier in self._verifiers):
            authorities.watch()

    async def hear(self, request: WebhookRequest) -> Delivery:
        """What is signed is a checksum, so that it is hearsay: who asked for a thing looks it up,
        and what nobody here asked for is believed as PayPal, asked, has it. Raises WebhookRefused.
        """
        transmission = Transmission.of(request)
        account = await self._sender_of(transmission, request)
        head = _head(request.body)
        heard = self._read(head, account)
        if any(event.unasked for event in heard.events):
            heard = self._read(await self._confirm(self._clients[account], head), account)
        else:
            hearsay = tuple(replace(event, hearsay=True) for event in heard.events)
            heard = replace(heard, events=hearsay)
        return replace(heard, sent_as=transmission.id)

    def _read(self, head: EventHead, account: str) -> Delivery:
        kind = head.event_type
        if kind in IGNORED:
            return Delivery(ignored=(kind,))
        if kind not in TRANSLATED:
            return Delivery(unknown=(kind,))
        try:
            event = TRANSLATED[kind](Webhook(head, self._clients[account], account))
        except (ValidationError, InDoubt, Unfit) as error:
            if not head.names_a_key:
                # Of another shop, or in the words of an older API: nothing of ours is lost.
                return Delivery(ignored=(kind,))
            rule = "contradictory" if isinstance(error, Unfit) else "malformed"
            raise WebhookRefused(rule, status=422) from None
        return Delivery((event,)) if event is not None else Delivery(ignored=(kind,))

    async def aclose(self) -> None:
        await self._places.aclose()

    async def _sender_of(self, transmission: Transmission, request: WebhookRequest) -> str:
        """The account for whose subscription it is signed. Raises WebhookRefused, and rather with
        a 503 than with a 401 as long as one account could not be asked about."""
        verdicts = [
            asyncio.create_task(_verdict(name, verifier, transmission, request))
            for name, verifier in self._verifiers
        ]
        # All at the same time: one account that PayPal does not answer about delays no other, and
        # a certificate is fetched once for all.
        refusals: list[WebhookRefused] = []
        try:
            for verdict in asyncio.as_completed(verdicts):
                found = await verdict
                if isinstance(found, str):
                    return found
                if found is not None:
                    refusals.append(found)
        finally:
            for task in verdicts:
                task.cancel()
            await asyncio.gather(*verdicts, return_exceptions=True)
        refusals.append(WebhookRefused("signature"))
        raise max(refusals, key=lambda refused: refused.status)


def _verifiers_of(client: Client, shelf: Certificates) -> Iterator[Verifier]:
    account = client.account
    asks = account.webhook_verification == "api"
    yield ByAsking(client) if asks else ByCertificate(client, shelf)
    if account.webhook_simulator:
        yield ByCertificate.of_the_simulator(client, shelf)


async def _verdict(
    name: str, verifier: Verifier, transmission: Transmission, request: WebhookRequest
) -> str | WebhookRefused | None:
    """The account, where the webhook is signed for it; else what stands against it."""
    try:
        if await verifier.is_signed(transmission, request):
            return name
    except WebhookRefused as refused:
        return refused
    return None


def _head(body: bytes) -> EventHead:
    try:
        return EventHead.model_validate(orjson.loads(body))
    except (orjson.JSONDecodeError, ValidationError):
        raise WebhookRefused("malformed", status=422) from None
