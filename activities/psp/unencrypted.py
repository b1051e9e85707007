"""Addresses in settings that are not encrypted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel


def unencrypted(value: Any, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The places of all plain http addresses, whatever the fields are called."""
    if isinstance(value, str) and value.lower().startswith("http:"):
        yield place
    for name, inner in _inside(value):
        yield from unencrypted(inner, (*place, name))


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        yield from ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, Mapping):
        yield from ((str(name), inner) for name, inner in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield from ((str(number), inner) for number, inner in enumerate(value))
