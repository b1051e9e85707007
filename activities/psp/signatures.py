"""How webhooks are signed, for plugins to verify with: over the raw bytes, before they are read.

Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, a list parted by
spaces of `v1,<base64 of HMAC-SHA256>` and `v1a,<base64 of Ed25519>` over `<id>.<timestamp>.<body>`;
one good one is enough. The plain form: `X-Signature: sha256=<hex of HMAC-SHA256>`, lower case and
one alone, over `<X-Timestamp>.<X-Nonce>.<body>`. The stamped form: one header
`t=<timestamp>,v1=<hex of HMAC-SHA256>`, several v1 perhaps, over `<timestamp>.<body>`; it bears a
name that the PSP chose, and v1 may be called otherwise.

Several keys may be live, two while one is being rotated. Timestamps are Unix seconds, at most
WINDOW_SECONDS from our clock on either side. Only canonical text is believed: nothing truncated,
longer, in the other case or encoded another way.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from activities.psp.contract import WebhookRefused, WebhookRequest

WINDOW_SECONDS = 300
"""On both sides of our clock: a webhook from the future is as wrong as one from the past."""

SIGNATURES_AT_MOST = 10
"""Of one webhook; what stands behind them is not looked at."""

# A dot in an id or a nonce would let one text be signed as two.
_ID = re.compile(r"[A-Za-z0-9_\-]{1,128}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE_BYTES = 64


class StandardWebhooks:
    """The form of standardwebhooks.com, by HMAC-SHA256 (`v1`) or Ed25519 (`v1a`)."""

    def __init__(self, *, secrets: Sequence[bytes] = (), public_keys: Sequence[bytes] = ()) -> None:
        """`secrets` are HMAC keys, `public_keys` Ed25519 keys of 32 bytes. Raises ValueError."""
        self._secrets = tuple(secrets)
        self._public_keys = tuple(Ed25519PublicKey.from_public_bytes(key) for key in public_keys)

    @staticmethod
    def signs(request: WebhookRequest) -> bool:
        """Whether the request claims to be signed in this form."""
        return "webhook-signature" in request.headers

    def verified(self, request: WebhookRequest) -> str:
        """The event's id, once its sender and age are certain. Raises WebhookRefused."""
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        event_id, timestamp, given = _headers(request, *names)
        _well_formed(event_id, timestamp, "malformed_id")
        content = f"{event_id}.{timestamp}.".encode() + request.body
        signatures = given.encode().split(b" ")[:SIGNATURES_AT_MOST]
        # As text, not decoded: several base64 texts are the same bytes. Every pair is compared,
        # so that the time taken tells nothing.
        right = [b"v1," + base64.b64encode(_hmac(key, content)) for key in self._secrets]
        matches = [hmac.compare_digest(mine, theirs) for mine in right for theirs in signatures]
        if not any(matches) and not self._signed_by_key(content, signatures):
            raise WebhookRefused("signature")
        _in_time(request, timestamp)
        return event_id

    def _signed_by_key(self, content: bytes, signatures: Sequence[bytes]) -> bool:
        given = [made for made in map(_of_key, signatures) if made is not None]
        return any(_is_of(key, made, content) for key in self._public_keys for made in given)


class PlainSignature:
    """`X-Signature` in hexadecimal, with a timestamp and a nonce beside it."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """HMAC keys, any of which may have signed."""
        self._secrets = tuple(secrets)

    @staticmethod
    def signs(request: WebhookRequest) -> bool:
        """Whether the request claims to be signed in this form."""
        return "x-signature" in request.headers

    def verified(self, request: WebhookRequest) -> str:
        """The nonce, once sender and age are certain. Raises WebhookRefused.

        Whether the nonce was used before is known to the inbox alone.
        """
        nonce, timestamp, given = _headers(request, "x-nonce", "x-timestamp", "x-signature")
        _well_formed(nonce, timestamp, "malformed_nonce")
        content = f"{timestamp}.{nonce}.".encode() + request.body
        right = [b"sha256=" + _hmac(key, content).hex().encode() for key in self._secrets]
        matches = [hmac.compare_digest(mine, given.encode()) for mine in right]
        if not any(matches):
            raise WebhookRefused("signature")
        _in_time(request, timestamp)
        return nonce


class StampedSignature:
    """One header with timestamp and signatures, such as `Stripe-Signature`."""

    def __init__(
        self, secrets: Iterable[tuple[str, bytes]], *, header: str, scheme: str = "v1"
    ) -> None:
        """HMAC keys with what each is the key of, such as an account; the header in lower case."""
        self._secrets = tuple(secrets)
        self._header, self._scheme = header, scheme

    def sender_of(self, request: WebhookRequest) -> str:
        """Whose key signed, once the time is right too. Raises WebhookRefused."""
        (given,) = _headers(request, self._header)
        timestamp, signatures = self._read(given)
        content = f"{timestamp}.".encode() + request.body
        # Every pair is compared, so that the time taken tells nothing.
        senders = [
            name for name, secret in self._secrets if _signed_in_hex(secret, content, signatures)
        ]
        if not senders:
            raise WebhookRefused("signature")
        _in_time(request, timestamp)
        return senders[0]

    def _read(self, given: str) -> tuple[str, list[bytes]]:
        parts = [part.partition("=") for part in given.split(",")]
        times = [value for name, _, value in parts if name == "t"]
        if len(times) != 1 or not _TIMESTAMP.fullmatch(times[0]):
            raise WebhookRefused("malformed_timestamp")
        signatures = [
            value.encode(errors="replace") for name, _, value in parts if name == self._scheme
        ]
        return times[0], signatures[:SIGNATURES_AT_MOST]


def nonce_of(request: WebhookRequest) -> str | None:
    """The nonce of a verified request in the plain form; None in every other form."""
    if StandardWebhooks.signs(request) or not PlainSignature.signs(request):
        return None
    return request.headers.get("x-nonce")


def _headers(request: WebhookRequest, *names: str) -> list[str]:
    given = [request.headers.get(name, "") for name in names]
    if not all(given):
        raise WebhookRefused("missing_header")
    return given


def _well_formed(name: str, timestamp: str, rule: str) -> None:
    if not _ID.fullmatch(name):
        raise WebhookRefused(rule)
    if not _TIMESTAMP.fullmatch(timestamp):
        raise WebhookRefused("malformed_timestamp")


def _in_time(request: WebhookRequest, timestamp: str) -> None:
    if abs(request.received_at - int(timestamp)) > WINDOW_SECONDS:
        raise WebhookRefused("timestamp_window")


def _hmac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, hashlib.sha256)


def _signed_in_hex(secret: bytes, content: bytes, signatures: Sequence[bytes]) -> bool:
    right = _hmac(secret, content).hex().encode()
    matches = [hmac.compare_digest(right, theirs) for theirs in signatures]
    return any(matches)


def _of_key(signature: bytes) -> bytes | None:
    """The Ed25519 signature in a `v1a,<base64>`; None for anything else."""
    version, _, text = signature.partition(b",")
    try:
        made = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    canonical = len(made) == _SIGNATURE_BYTES and base64.b64encode(made) == text
    return made if version == b"v1a" and canonical else None


def _is_of(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True
