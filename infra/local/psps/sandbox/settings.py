"""What the sandbox PSP is told at start: `PAYSAGA_SANDBOX_PSP_<NAME>`."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from infra.local.psps.base.profile import Credentials
from infra.local.psps.base.settings import ServerSettings


class Settings(ServerSettings):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_SANDBOX_PSP_")

    port: Annotated[int, Field(ge=1, le=65535)] = 8090
    database: Path
    key_primary: Annotated[SecretStr, Field(min_length=16)]
    key_secondary: Annotated[SecretStr, Field(min_length=16)]
    webhook_secret: SecretStr
    webhook_signing_key: SecretStr | None = None
    """Ed25519: `whsk_` and the Base64 of its 32 bytes; without it no webhook is signed that way."""

    @property
    def credentials(self) -> Credentials:
        keys = {"primary": self.key_primary, "secondary": self.key_secondary}
        return {account: {"key": key.get_secret_value()} for account, key in keys.items()}

    @property
    def signing_seed(self) -> bytes | None:
        given = self.webhook_signing_key
        return None if given is None else _decoded(given, "whsk")

    @field_validator("webhook_secret")
    @classmethod
    def _is_a_standard_webhooks_secret(cls, secret: SecretStr) -> SecretStr:
        if len(_decoded(secret, "whsec")) < 16:
            raise ValueError("must be whsec_ and the Base64 of at least 16 bytes")
        return secret

    @field_validator("webhook_signing_key")
    @classmethod
    def _is_an_ed25519_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(_decoded(key, "whsk")) != 32:
            raise ValueError("must be whsk_ and the Base64 of 32 bytes")
        return key

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        if self.key_primary == self.key_secondary:
            raise ValueError("the keys of the two merchant accounts must differ")
        return self


def _decoded(secret: SecretStr, prefix: str) -> bytes:
    """What stands behind the prefix; empty for anything else."""
    given, _, encoded = secret.get_secret_value().partition("_")
    try:
        return base64.b64decode(encoded, validate=True) if given == prefix else b""
    except binascii.Error:
        return b""
