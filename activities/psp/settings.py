"""What a plugin's own settings are read with: a missing one is named as the operator knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Self

from pydantic import BaseModel, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.psp.unencrypted import unencrypted
from infra.reading import SettingsError, read

__all__ = ["PluginSettings", "SettingsError", "only_https"]

_only_https: ContextVar[bool] = ContextVar("only_https", default=False)


@contextmanager
def only_https() -> Iterator[None]:
    """Meanwhile no plugin's settings may hold an address that is not encrypted, near or far."""
    token = _only_https.set(True)
    try:
        yield
    finally:
        _only_https.reset(token)


WITHHELD = SecretStr("withheld from this process")
_hearing: ContextVar[bool] = ContextVar("read by a process that only hears", default=False)


class ForCalls(BaseModel):
    """Knows which of its fields only calls need: whoever only hears webhooks holds none of them."""

    for_calls: ClassVar[frozenset[str]] = frozenset()

    @property
    def withheld(self) -> frozenset[str]:
        """Asked by validators: what may be missing while these settings are read."""
        return self.for_calls if _hearing.get() else frozenset()

    @model_validator(mode="before")
    @classmethod
    def _only_what_hears_is_held(cls, values: Any) -> Any:
        if not _hearing.get() or not isinstance(values, Mapping):
            return values
        held = {name: value for name, value in values.items() if name not in cls.for_calls}
        required = (name for name in cls.for_calls if cls.model_fields[name].is_required())
        return held | dict.fromkeys(required, WITHHELD)


class PluginSettings(ForCalls, BaseSettings):
    """Subclass it with `model_config = SettingsConfigDict(env_prefix="PAYSAGA_<NAME>_")`.

    Secrets are `SecretStr` and have no default; those that no webhook is verified by stand in
    `for_calls`.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    @classmethod
    def read(cls, *, hearing: bool = False) -> Self:
        """From the environment; `hearing` without what only calls need. Raises SettingsError."""
        before = _hearing.set(hearing)
        try:
            chosen = read(cls)
        finally:
            _hearing.reset(before)
        if _only_https.get() and (plain := list(unencrypted(chosen, ()))):
            prefix = cls.model_config.get("env_prefix") or ""
            named = [".".join([(prefix + place[0]).upper(), *place[1:]]) for place in plain]
            raise SettingsError(f"{', '.join(named)}: must be https in production")
        return chosen
