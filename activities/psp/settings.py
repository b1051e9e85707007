"""What a plugin's own settings are read with: a missing one is named as the operator knows it."""

from __future__ import annotations

from typing import Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """Names the environment variables that are missing or wrong, never a value."""


class PluginSettings(BaseSettings):
    """Subclass it with `model_config = SettingsConfigDict(env_prefix="PAYSAGA_<NAME>_")`.

    Secrets are `SecretStr` and have no default.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    @classmethod
    def read(cls) -> Self:
        """From the environment. Raises SettingsError."""
        try:
            return cls()
        except ValidationError as error:
            prefix = cls.model_config.get("env_prefix", "")
            told = (
                f"{(prefix + str(e['loc'][0] if e['loc'] else '')).upper()} ({e['msg']})"
                for e in error.errors(include_input=False, include_url=False)
            )
            raise SettingsError("; ".join(told)) from None
