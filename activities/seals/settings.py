"""The keys that API and workers share: `PAYSAGA_SEALS_KEYS`."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr, model_validator

from infra.settings import Section

_FILE = "file:"
_KEY_BYTES = 32


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class SealsSettings(Section):
    """The keys by which runs know what our API and inbox have sent them: API and workers share
    them, and nothing else has them."""

    keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_several)] = ()
    """Base64 of 32 random bytes or more each, or `file:<path>`. The first one makes seals, all
    check them: to rotate, add the new one behind on every process, then put it first, and drop the
    old one when the payments that were commanded under it are over."""

    @model_validator(mode="after")
    def _are_keys(self) -> SealsSettings:
        if any(len(key) < _KEY_BYTES for key in self.secrets):
            raise ValueError(
                f"keys must each be the base64 of {_KEY_BYTES} bytes or more, or file:<path> "
                "of a file that holds that"
            )
        if len(set(self.secrets)) < len(self.keys):
            raise ValueError("keys must differ")
        return self

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """An empty one for what is no key."""
        return tuple(_key_in(key.get_secret_value()) for key in self.keys)


def _key_in(text: str) -> bytes:
    try:
        if text.startswith(_FILE):
            text = Path(text.removeprefix(_FILE)).read_text().strip()
        return base64.b64decode(text, validate=True)
    except (OSError, ValueError):
        return b""
