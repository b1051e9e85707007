"""What a plugin's own settings are read with: a missing one is named as the operator knows it."""

from __future__ import annotations

from typing import Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as NotJson


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
                f"{_named(prefix, e['loc'])} ({e['msg']})"
                for e in error.errors(include_input=False, include_url=False)
            )
            raise SettingsError("; ".join(told)) from None
        except NotJson as error:
            # Its text names the field; its cause would quote the value.
            raise SettingsError(f"{error} (must be JSON)") from None


def _named(prefix: str, place: tuple[int | str, ...]) -> str:
    """As the operator knows it: `PAYSAGA_ACME_ACCOUNTS.primary.api_key`."""
    variable, *inside = place or ("",)
    return ".".join([(prefix + str(variable)).upper(), *map(str, inside)])
