"""How webhooks are signed, for plugins to verify with: over the raw bytes, before they are read.

Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, a list parted by
spaces of `v1,<base64 of HMAC-SHA256>` and `v1a,<base64 of Ed25519>` over `<id>.<timestamp>.<body>`;
one good one is enough. The plain form: `X-Signature: sha256=<hex of HMAC-SHA256>`, lower case and
one alone, over `<X-Timestamp>.<X-Nonce>.<body>`.

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
from collections.abc import Sequence

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
