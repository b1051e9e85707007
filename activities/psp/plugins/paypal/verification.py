"""Whether a webhook is PayPal's, over its raw bytes: by certificate here, or by asking PayPal."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from activities.psp.contract import WebhookRefused, WebhookRequest
from activities.psp.wire import WireError

from .certificates import LIVE_HOSTS, SANDBOX_HOSTS, Certificates, host_of, utc
from .client import Client
from .messages import Message

VERIFY = "/v1/notifications/verify-webhook-signature"
ALGORITHM = "SHA256withRSA"

AHEAD_SECONDS = 300
BEHIND_SECONDS = 4 * 24 * 3600
"""PayPal sends again for three days, and does not promise that it signs anew."""

ASKED_AT_ONCE, ASKING_SECONDS = 8, 8.0
"""Whoever makes up webhooks has us ask PayPal, over the connections and within the rate limit that
payments need: never for long, and never about many at once. The others are sent again."""

_ID = re.compile(r"[A-Za-z0-9_\-]{1,50}", re.ASCII)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z", re.ASCII
)
_SIGNATURE_LENGTH = 500


@dataclass(frozen=True)
class Transmission:
    """The headers of a webhook, well-formed, and neither old nor from the future."""

    id: str
    time: str
    signature: str
    cert_url: str
    algorithm: str

    @classmethod
    def of(cls, request: WebhookRequest) -> Transmission:
        """Raises WebhookRefused."""
        names = ("transmission-id", "transmission-time", "transmission-sig", "cert-url")
        given = [request.headers.get(f"paypal-{name}", "") for name in (*names, "auth-algo")]
        if not all(given):
            raise WebhookRefused("missing_header")
        made = cls(*given)
        if not _ID.fullmatch(made.id):
            raise WebhookRefused("malformed_id")
        if made.algorithm != ALGORITHM:
            raise WebhookRefused("algorithm")
        made._in_time(request.received_at)
        return made

    @property
    def raw_signature(self) -> bytes:
        """Of its canonical base64 alone. Raises WebhookRefused."""
        try:
            raw = base64.b64decode(self.signature, validate=True)
        except (binascii.Error, ValueError):
            raise WebhookRefused("malformed_signature") from None
        if len(self.signature) > _SIGNATURE_LENGTH or (
            base64.b64encode(raw).decode() != self.signature
        ):
            raise WebhookRefused("malformed_signature")
        return raw

    def _in_time(self, received_at: float) -> None:
        if not _TIME.fullmatch(self.time):
            raise WebhookRefused("malformed_timestamp")
        try:
            age = received_at - datetime.fromisoformat(self.time).timestamp()
        except ValueError:
            raise WebhookRefused("malformed_timestamp") from None
        if not -AHEAD_SECONDS <= age <= BEHIND_SECONDS:
            raise WebhookRefused("timestamp_window")


class ByCertificate:
    def __init__(self, client: Client, certificates: Certificates) -> None:
        self._webhook_id = client.account.webhook_id
        self._hosts = LIVE_HOSTS if client.account.is_live else SANDBOX_HOSTS
        self._certificates = certificates

    async def is_signed(self, told: Transmission, request: WebhookRequest) -> bool:
        """For this account. Raises WebhookRefused."""
        signature = told.raw_signature
        if host_of(told.cert_url) not in self._hosts:
            raise WebhookRefused("certificate_url")
        key = await self._certificates.key(told.cert_url, utc(request.received_at))
        crc = zlib.crc32(request.body)
        signed = f"{told.id}|{told.time}|{self._webhook_id}|{crc}".encode()
        try:
            key.verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


class Verdict(Message):
    verification_status: Literal["SUCCESS", "FAILURE"]


class ByAsking:
    """PayPal judges the webhook that we send back to it, byte for byte."""

    def __init__(self, client: Client) -> None:
        self._client, self._asking = client, 0

    async def is_signed(self, told: Transmission, request: WebhookRequest) -> bool:
        """For this account. Raises WebhookRefused with 503 where PayPal could not be asked."""
        body = request.body
        if not _is_one_object(body) or len(told.cert_url) > 500:
            return False
        if self._asking >= ASKED_AT_ONCE:
            raise WebhookRefused("verification_unavailable", status=503)
        self._asking += 1
        try:
            async with asyncio.timeout(ASKING_SECONDS):
                return await self._asked(told, body)
        except (WireError, TimeoutError):
            raise WebhookRefused("verification_unavailable", status=503) from None
        finally:
            self._asking -= 1

    async def _asked(self, told: Transmission, body: bytes) -> bool:
        answer = await self._client.post_bytes(VERIFY, self._question(told, body))
        if answer.status in (400, 422):
            return False
        if answer.status != 200:
            raise WebhookRefused("verification_unavailable", status=503)
        return answer.read(Verdict).verification_status == "SUCCESS"

    def _question(self, told: Transmission, body: bytes) -> bytes:
        asked = json.dumps(
            {
                "auth_algo": told.algorithm,
                "cert_url": told.cert_url,
                "transmission_id": told.id,
                "transmission_sig": told.signature,
                "transmission_time": told.time,
                "webhook_id": self._client.account.webhook_id,
            }
        ).encode()
        # Written anew, another order or other spaces would be another text than was signed.
        return asked[:-1] + b', "webhook_event": ' + body + b"}"


def _is_one_object(body: bytes) -> bool:
    """Before it is put into our JSON: more than one value could say something of its own there."""
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False
