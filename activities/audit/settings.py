"""What an audit needs to know: the same names as everywhere, and no more than it reads."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.settings import Inbox, Postgres, Temporal, explained


class SandboxBook(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_SANDBOX_PSP_", extra="ignore")

    url: str | None = None
    """The sandbox PSP, whose journal is compared; a real PSP shows no such thing."""


class AuditSettings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="PAYSAGA_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="ignore",
        frozen=True,
    )

    postgres: Postgres
    temporal: Temporal = Temporal()
    inbox: Inbox = Inbox()

    @classmethod
    def read(cls) -> AuditSettings:
        """From the environment. Raises infra.settings.SettingsError."""
        try:
            return cls()
        except ValidationError as error:
            raise explained(error) from None


def journal_url() -> str | None:
    """Where the sandbox PSP shows its journal, from the environment."""
    return SandboxBook().url
