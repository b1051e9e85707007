"""What the sandbox PSP gave us: its address, a key per merchant account, how it signs webhooks."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from activities.psp.settings import PluginSettings

PREFIX = "whsec_"
PUBLIC_PREFIX = "whpk_"
_PUBLIC_KEY_BYTES = 32


@dataclass(frozen=True)
class WebhookKeys:
    """Of each kind the present one, and while it is being rotated the previous one too."""

    secrets: tuple[bytes, ...]
    """Of HMAC."""
    public_keys: tuple[bytes, ...]
    """Of Ed25519."""


def webhook_key(secret: SecretStr) -> bytes:
    """The HMAC key of a `whsec_<base64>` secret. Raises ValueError."""
    text = secret.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith(PREFIX) or len(key) < 24:
        raise ValueError("must be whsec_ and the base64 of at least 24 bytes")
    return key


def public_key(text: str) -> bytes:
    """The Ed25519 key of a `whpk_<base64>` text. Raises ValueError."""
    try:
        key = base64.b64decode(text.removeprefix(PUBLIC_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith(PUBLIC_PREFIX) or len(key) != _PUBLIC_KEY_BYTES:
        raise ValueError(f"must be whpk_ and the base64 of {_PUBLIC_KEY_BYTES} bytes")
    return key


def _is_public_key(text: str) -> str:
    public_key(text)
    return text


def _is_webhook_secret(secret: SecretStr) -> SecretStr:
    webhook_key(secret)
    return secret


WebhookSecret = Annotated[SecretStr, AfterValidator(_is_webhook_secret)]
PublicKey = Annotated[str, AfterValidator(_is_public_key)]
ApiKey = Annotated[SecretStr, Field(min_length=1)]


class SandboxSettings(PluginSettings):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_SANDBOX_PSP_")
    for_calls: ClassVar[frozenset[str]] = frozenset({"key_primary", "key_secondary"})

    url: Annotated[str, Field(pattern=r"^https?://")]
    key_primary: ApiKey
    key_secondary: ApiKey
    webhook_secret: WebhookSecret
    webhook_secret_previous: WebhookSecret | None = None
    """Still honoured while the secret is being rotated; then removed."""
    webhook_public_key: PublicKey | None = None
    """For webhooks that it signs with its private key (Ed25519); no secret."""
    webhook_public_key_previous: PublicKey | None = None

    def key_of(self, account: str) -> SecretStr | None:
        """None for an account that it does not have: there are two."""
        return {"primary": self.key_primary, "secondary": self.key_secondary}.get(account)

    @property
    def webhook_keys(self) -> WebhookKeys:
        """All that may have signed, the present ones first."""
        secrets = (self.webhook_secret, self.webhook_secret_previous)
        public_keys = (self.webhook_public_key, self.webhook_public_key_previous)
        return WebhookKeys(
            tuple(webhook_key(secret) for secret in secrets if secret is not None),
            tuple(public_key(text) for text in public_keys if text is not None),
        )
