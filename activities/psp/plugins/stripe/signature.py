"""`Stripe-Signature: t=1800000000,v1=<hex>,v1=<hex>,v0=<hex>`: HMAC-SHA256 over `<t>.<raw body>`.

Several v1 may stand there while a secret is rolled, and one good one is enough; v0 is for tests of
Stripe's own and never believed. Only canonical text is: one `t`, lower-case hex.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from activities.psp.contract import WebhookRefused, WebhookRequest

WINDOW_SECONDS = 300
"""On both sides of our clock; Stripe's own library would take any time to come."""

SIGNATURES_AT_MOST = 10
"""Of one webhook; what stands behind them is not looked at."""

_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


def sender_of(request: WebhookRequest, secrets: Iterable[tuple[str, bytes]]) -> str:
    """The account whose secret signed, once the time is right too. Raises WebhookRefused."""
    given = request.headers.get("stripe-signature", "")
    if not given:
        raise WebhookRefused("missing_header")
    timestamp, signatures = _read(given)
    content = f"{timestamp}.".encode() + request.body
    # Every pair is compared, so that the time taken tells nothing.
    senders = [account for account, secret in secrets if _signed(secret, content, signatures)]
    if not senders:
        raise WebhookRefused("signature")
    if abs(request.received_at - int(timestamp)) > WINDOW_SECONDS:
        raise WebhookRefused("timestamp_window")
    return senders[0]


def _read(given: str) -> tuple[str, list[bytes]]:
    parts = [part.partition("=") for part in given.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not _TIMESTAMP.fullmatch(times[0]):
        raise WebhookRefused("malformed_timestamp")
    signatures = [value.encode(errors="replace") for name, _, value in parts if name == "v1"]
    return times[0], signatures[:SIGNATURES_AT_MOST]


def _signed(secret: bytes, content: bytes, signatures: list[bytes]) -> bool:
    right = hmac.digest(secret, content, hashlib.sha256).hex().encode()
    matches = [hmac.compare_digest(right, theirs) for theirs in signatures]
    return any(matches)
