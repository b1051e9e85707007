"""How webhooks are signed: three forms that real PSPs use, one at a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.local.psps.sandbox.settings import Settings

Form = Literal["standard_hmac", "standard_ed25519", "plain"]
"""Standard Webhooks by HMAC (`v1`) or Ed25519 (`v1a`) · `X-Signature: sha256=…` with timestamp and
nonce, an HMAC too."""


class Signer:
    def __init__(self, settings: Settings) -> None:
        encoded = settings.webhook_secret.get_secret_value().removeprefix("whsec_")
        self._secret = base64.b64decode(encoded)
        seed = settings.signing_seed
        self._key = None if seed is None else Ed25519PrivateKey.from_private_bytes(seed)

    def can(self, form: Form) -> bool:
        return form != "standard_ed25519" or self._key is not None

    def headers(self, form: Form, event_id: str, body: bytes, at: int) -> Mapping[str, str]:
        """At Unix second `at`. Needs `can(form)`."""
        if form == "plain":
            return self._plain(body, at)
        content = f"{event_id}.{at}.".encode() + body
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(at),
            "webhook-signature": self._standard(form, content),
        }

    def _standard(self, form: Form, content: bytes) -> str:
        if form == "standard_hmac":
            version, made = "v1", hmac.digest(self._secret, content, hashlib.sha256)
        else:
            assert self._key is not None  # noqa: S101 - see `can`
            version, made = "v1a", self._key.sign(content)
        return f"{version},{base64.b64encode(made).decode()}"

    def _plain(self, body: bytes, at: int) -> Mapping[str, str]:
        nonce = secrets.token_hex(16)
        made = hmac.digest(self._secret, f"{at}.{nonce}.".encode() + body, hashlib.sha256)
        return {
            "X-Timestamp": str(at),
            "X-Nonce": nonce,
            "X-Signature": f"sha256={made.hex()}",
        }
