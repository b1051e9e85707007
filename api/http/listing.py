"""Lists: pages, and where the next one begins."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Query, Response
from pydantic import BaseModel

from api.http.errors import FieldError, invalid
from workflows.domain.identity import pattern_of

V = TypeVar("V", bound=BaseModel)

_PLACE = re.compile(
    rf"20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:.]{{8,15}}\+00:00 {pattern_of()}", re.ASCII
)


Cursor = Annotated[str | None, Query(max_length=256, description="next_cursor")]
Limit = Annotated[int, Query(ge=1, le=200)]


class Numbered(Protocol):
    """A row whose number tells its place in a list."""

    @property
    def id(self) -> int: ...


N = TypeVar("N", bound=Numbered)


class Page(BaseModel, Generic[V]):
    """`next_cursor` is null on the last one."""

    items: list[V]
    next_cursor: str | None


def shown(view: BaseModel, status: int = 200) -> Response:
    """Fields that were never set are absent; those set to None are null."""
    body = view.model_dump_json(exclude_unset=True)
    return Response(body, status, media_type="application/json")


def moment_of(text: str | None, name: str) -> datetime | None:
    """Raises Problem `invalid-request`."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise invalid(FieldError(name, "there is no such time")) from None


def cursor_of(given: str | None) -> str | None:
    """Only what a list gave may reach the database."""
    if given is None:
        return None
    try:
        place = base64.urlsafe_b64decode(given.encode("ascii")).decode("ascii")
        at, _, _ = place.partition(" ")
        if _PLACE.fullmatch(place):
            datetime.fromisoformat(at)
            return given
    except ValueError:
        pass
    raise invalid(FieldError("cursor", "must be the next_cursor of a list"))


def numbered(found: Sequence[N], limit: int, view: Callable[[N], V]) -> Page[V]:
    """A page of rows by their number. One more than the limit was asked for, to tell whether there
    is more."""
    more = str(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[view(row) for row in found[:limit]], next_cursor=more)


def number_of(cursor: str | None) -> int | None:
    """Of a list that goes by the number of its rows, newest first: the last one that was shown."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise invalid(FieldError("cursor", "must be the next_cursor of a list"))
    return int(cursor)
