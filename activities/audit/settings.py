"""What an audit needs to know: the same names as everywhere, and no more than it reads."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.reading import read
from infra.settings import Inbox, Postgres, Temporal


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
        return read(cls)


def journal_url() -> str | None:
    """Where the sandbox PSP shows its journal, from the environment."""
    return SandboxBook().url
