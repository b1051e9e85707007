"""Reading settings: what is missing or wrong is named as the operator knows it, never quoted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings
from pydantic_settings import SettingsError as Unreadable

Chosen = TypeVar("Chosen", bound=BaseSettings)


class SettingsError(Exception):
    """Names the environment variables that are missing or wrong, never a value."""


def read(model: type[Chosen]) -> Chosen:
    """From the environment. Raises SettingsError."""
    try:
        return model()
    except ValidationError as error:
        problems = [_explained(model, each) for each in error.errors(include_input=False)]
        raise SettingsError("; ".join(problems)) from None
    except Unreadable as error:
        names = sorted(_not_json(model)) or [str(error)]
        raise SettingsError("; ".join(f"{name}: must be JSON" for name in names)) from None


def _explained(model: type[BaseSettings], error: ErrorDetails) -> str:
    why = error["msg"].removeprefix("Value error, ")
    if not (name := _named(model, error)):
        return why
    return f"{name}: {why}"


def _named(model: type[BaseSettings], error: ErrorDetails) -> str:
    """The variable, and the place inside of it: `PAYSAGA_ACME_ACCOUNTS.primary.api_key`."""
    place = [str(part) for part in error["loc"]]
    if not place:
        return ""
    section = _section(model.model_fields.get(place[0]))
    if section is not None and len(place) == 1 and error["type"] == "missing":
        # A section that is missing whole is named by what it needs.
        place += [name for name, inner in section.model_fields.items() if inner.is_required()][:1]
    depth = 2 if section is not None else 1
    variable = _prefix(model) + "_".join(place[:depth]).upper()
    return ".".join([variable, *place[depth:]])


def _not_json(model: type[BaseSettings]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        variable = _prefix(model) + name.upper()
        section = _section(field)
        inner = section.model_fields if section is not None else {}
        fields = {variable: field}
        fields |= {f"{variable}_{each}".upper(): of for each, of in inner.items()}
        for each, of in fields.items():
            if _holds_json(of.annotation) and not _is_json(os.environ.get(each, "null")):
                yield each


def _prefix(model: type[BaseSettings]) -> str:
    return model.model_config.get("env_prefix") or ""


def _section(field: FieldInfo | None) -> type[BaseModel] | None:
    of = field.annotation if field is not None else None
    return of if isinstance(of, type) and issubclass(of, BaseModel) else None


def _holds_json(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (Annotated, Union, UnionType):
        return any(_holds_json(each) for each in get_args(annotation))
    kind = origin or annotation
    return isinstance(kind, type) and issubclass(kind, (list, dict, tuple, set, BaseModel))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
