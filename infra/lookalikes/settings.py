"""What a lookalike is told at start: `PAYSAGA_LOOKALIKE_<NAME>`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AnyHttpUrl, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from infra.lookalikes.stage import PREFIX, Credentials


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    webhook_url: AnyHttpUrl
    credentials: Credentials
    """As JSON: for each of our names of a merchant account what the PSP gave us for it."""

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def settings() -> Settings:
    """Raises SystemExit with a sentence that shows no value."""
    try:
        return Settings()
    except ValidationError as failure:
        wrong = "; ".join(
            f"{PREFIX}{'_'.join(map(str, error['loc'])).upper()}: {error['msg']}"
            for error in failure.errors()
        )
    except SettingsError:
        wrong = f"{PREFIX}CREDENTIALS: must be a JSON object"
    raise SystemExit(f"the settings of the lookalike are wrong: {wrong}")
