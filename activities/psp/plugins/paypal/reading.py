"""How PayPal's answers are read: strictly what decides, and with patience what only adorns it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.functional_validators import WrapValidator

_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)


class Message(BaseModel):
    """Unknown members pass, null is absent. Types are strict where they decide: `adornment` is for
    the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, members: object) -> object:
        if not isinstance(members, dict):
            return members
        return {name: value for name, value in members.items() if value is not None}


def _as_text(value: object) -> object:
    """Booleans and whole numbers, as they would stand in a text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def _id_or_none(value: object) -> str | None:
    """What is no id (an empty text, a zero of another type) is as if it were not said."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
"""Ids are put into paths: nothing that means something there."""

IdIfAny = Annotated[str | None, BeforeValidator(_id_or_none)]

Text = Annotated[str, BeforeValidator(_as_text)]


def adornment(default: Callable[[], Any]) -> WrapValidator:
    """Of a member that decides nothing: in another shape than it should have, it is not read, and
    the rest of the answer is."""

    def read(value: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(value)
        except ValidationError:
            return default()

    return WrapValidator(read)


def nothing() -> None:
    return None
