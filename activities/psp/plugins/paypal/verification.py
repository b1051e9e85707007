"""Whether a webhook is PayPal's, over its raw bytes: by certificate here, or by asking PayPal.

What PayPal signs is a CRC-32 of the body, which anybody can keep while writing another body, and
PayPal nowhere says that it compares more when it is asked. Either way it is certain that PayPal
sent something, and not what: it decides nothing before PayPal has been asked for the thing itself.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from activities.psp.contract import WebhookRefused, WebhookRequest

from .client import Client
from .reading import Message
from .x509 import LIVE_HOSTS, SANDBOX_HOSTS, Certificates, host_of, utc

VERIFY = "/v1/notifications/verify-webhook-signature"
ALGORITHM = "SHA256withRSA"

SIMULATOR = "WEBHOOK_ID"
"""For which PayPal's simulator signs, whoever asked it to."""

AHEAD_SECONDS = 300
BEHIND_SECONDS = 3 * 24 * 3600 + 3600
"""PayPal sends again for three days, and does not promise that it signs anew: what its last try
takes is added, and no more."""


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
    """Asks PayPal for nothing but the certificate, once for many webhooks."""

    def __init__(self, client: Client, certificates: Certificates) -> None:
        self._webhook_id = client.account.webhook_id
        self._hosts = LIVE_HOSTS if client.account.is_live else SANDBOX_HOSTS
        self._certificates = certificates

    @classmethod
    def of_the_simulator(cls, client: Client, certificates: Certificates) -> Self:
        """Which signs with the certificates of either side."""
        made = cls(client, certificates)
        made._webhook_id, made._hosts = SIMULATOR, LIVE_HOSTS | SANDBOX_HOSTS
        return made

    async def is_signed(self, transmission: Transmission, request: WebhookRequest) -> bool:
        """For this account. Raises WebhookRefused."""
        signature = transmission.raw_signature
        if host_of(transmission.cert_url) not in self._hosts:
            raise WebhookRefused("certificate_url")
        key = await self._certificates.key(transmission.cert_url, utc(request.received_at))
        crc = zlib.crc32(request.body)
        signed = f"{transmission.id}|{transmission.time}|{self._webhook_id}|{crc}".encode()
        try:
            key.verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


class Verdict(Message):
    """PayPal's word about the signature, which says nothing of the body beyond its checksum."""

    verification_status: Literal["SUCCESS", "FAILURE"]


class ByAsking:
    """PayPal judges the webhook that we send back to it, byte for byte."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def is_signed(self, transmission: Transmission, request: WebhookRequest) -> bool:
        """For this account. Raises WebhookRefused with 503 where PayPal could not be asked."""
        body = request.body
        if not _is_one_object(body) or len(transmission.cert_url) > 500:
            return False
        async with self._client.asking.about_a_webhook():
            return await self._asked(transmission, body)

    async def _asked(self, transmission: Transmission, body: bytes) -> bool:
        answer = await self._client.post_bytes(VERIFY, self._question(transmission, body))
        if answer.status in (400, 422):
            return False
        if answer.status != 200:
            raise WebhookRefused("verification_unavailable", status=503)
        return answer.read(Verdict).verification_status == "SUCCESS"

    def _question(self, transmission: Transmission, body: bytes) -> bytes:
        asked = json.dumps(
            {
                "auth_algo": transmission.algorithm,
                "cert_url": transmission.cert_url,
                "transmission_id": transmission.id,
                "transmission_sig": transmission.signature,
                "transmission_time": transmission.time,
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
