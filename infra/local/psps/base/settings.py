"""What a fake PSP is told at start; the lookalikes by `PAYSAGA_LOOKALIKE_<NAME>`."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AnyHttpUrl, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from infra.local.psps.base.profile import PREFIX, Credentials


class WrongSettings(Exception):
    """The message is one sentence for the person at the keyboard; it never shows a value."""


class ServerSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    webhook_url: AnyHttpUrl

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def port_setting(self) -> str:
        return f"{self.model_config['env_prefix']}PORT"


class Settings(ServerSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX)

    credentials: Credentials
    """As JSON: for each of our names of a merchant account what the PSP gave us for it."""


Known = TypeVar("Known", bound=ServerSettings)


def read(kind: type[Known]) -> Known:
    """From the environment. Raises WrongSettings."""
    prefix = kind.model_config["env_prefix"]
    try:
        return kind()
    except ValidationError as failure:
        wrong = "; ".join(_sentence(prefix, error) for error in failure.errors())
    except SettingsError:
        # Of what we are told only credentials are more than text.
        wrong = f"{prefix}CREDENTIALS: must be a JSON object"
    raise WrongSettings(wrong)


def _sentence(prefix: str, error: object) -> str:
    assert isinstance(error, dict)  # noqa: S101
    name = "_".join(map(str, error["loc"])).upper()
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{prefix}{name}: {message}" if name else message
