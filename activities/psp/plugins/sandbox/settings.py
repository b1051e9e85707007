"""What the sandbox PSP gave us: its address, a key per merchant account, the webhook secret."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from activities.psp.settings import PluginSettings

PREFIX = "whsec_"


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


def _is_webhook_secret(secret: SecretStr) -> SecretStr:
    webhook_key(secret)
    return secret


WebhookSecret = Annotated[SecretStr, AfterValidator(_is_webhook_secret)]
ApiKey = Annotated[SecretStr, Field(min_length=1)]


class SandboxSettings(PluginSettings):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_SANDBOX_PSP_")

    url: Annotated[str, Field(pattern=r"^https?://")]
    key_primary: ApiKey
    key_secondary: ApiKey
    webhook_secret: WebhookSecret
    webhook_secret_previous: WebhookSecret | None = None
    """Still honoured while the secret is being rotated; then removed."""

    def key_of(self, account: str) -> SecretStr | None:
        return {"primary": self.key_primary, "secondary": self.key_secondary}.get(account)

    @property
    def webhook_keys(self) -> list[bytes]:
        secrets = (self.webhook_secret, self.webhook_secret_previous)
        return [webhook_key(secret) for secret in secrets if secret is not None]
