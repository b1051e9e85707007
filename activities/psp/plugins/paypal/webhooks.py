"""Hears PayPal: verified over the raw bytes for one of our accounts, then translated."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import orjson
from pydantic import ValidationError

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.wire import InDoubt

from .certificates import Certificates, Fetch, FromPaypal
from .client import Client
from .events import IGNORED, TRANSLATED, EventHead, Told, Unfit
from .verification import ByAsking, ByCertificate, Transmission


class Ear:
    def __init__(self, clients: Mapping[str, Client], fetch: Fetch | None) -> None:
        self._paypal = FromPaypal()
        shelves = {
            ca: Certificates(fetch or self._paypal, ca)
            for ca in {client.account.webhook_ca for client in clients.values()}
        }
        self._clients = clients
        self._verifiers: dict[str, ByCertificate | ByAsking] = {}
        for name, client in clients.items():
            account = client.account
            self._verifiers[name] = (
                ByAsking(client)
                if account.webhook_verification == "api"
                else ByCertificate(client, shelves[account.webhook_ca])
            )

    async def hear(self, request: WebhookRequest) -> Delivery:
        """Raises WebhookRefused."""
        account = await self._account_of(request)
        head = _head(request.body)
        kind = head.event_type
        if kind in IGNORED:
            return Delivery(ignored=(kind,))
        if kind not in TRANSLATED:
            return Delivery(unknown=(kind,))
        try:
            event = TRANSLATED[kind](Told(head, self._clients[account], account))
        except (ValidationError, InDoubt, Unfit) as error:
            if not head.names_a_key:
                # Of another shop, or in the words of an older API: nothing of ours is lost.
                return Delivery(ignored=(kind,))
            rule = "contradictory" if isinstance(error, Unfit) else "malformed"
            raise WebhookRefused(rule, status=422) from None
        return Delivery((event,)) if event is not None else Delivery(ignored=(kind,))

    async def aclose(self) -> None:
        await self._paypal.aclose()

    async def _account_of(self, request: WebhookRequest) -> str:
        """The account for whose subscription it is signed. Raises WebhookRefused, and rather with
        a 503 than with a 401 as long as one account could not be asked about."""
        told = Transmission.of(request)
        verdicts = [
            asyncio.create_task(_verdict(name, verifier, told, request))
            for name, verifier in self._verifiers.items()
        ]
        # All at the same time: one account that PayPal does not answer about delays no other, and
        # a certificate is fetched once for all.
        refusals: list[WebhookRefused] = []
        try:
            for verdict in asyncio.as_completed(verdicts):
                said = await verdict
                if isinstance(said, str):
                    return said
                if said is not None:
                    refusals.append(said)
        finally:
            for task in verdicts:
                task.cancel()
            await asyncio.gather(*verdicts, return_exceptions=True)
        refusals.append(WebhookRefused("signature"))
        raise max(refusals, key=lambda refused: refused.status)


async def _verdict(
    name: str, verifier: ByCertificate | ByAsking, told: Transmission, request: WebhookRequest
) -> str | WebhookRefused | None:
    """The account, where the webhook is signed for it; else what stands against it."""
    try:
        return name if await verifier.is_signed(told, request) else None
    except WebhookRefused as refused:
        return refused


def _head(body: bytes) -> EventHead:
    try:
        return EventHead.model_validate(orjson.loads(body))
    except (orjson.JSONDecodeError, ValidationError):
        raise WebhookRefused("malformed", status=422) from None
