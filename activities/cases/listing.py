"""Which cases to list, and where the next page begins."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.cases.tables import CaseRow

_PLACE = re.compile(
    r"(20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}\+00:00) (case_[0-9a-f]{32})", re.ASCII
)


class BadCursor(ValueError):
    """The cursor is not one that a list gave."""


@dataclass(frozen=True, kw_only=True)
class CaseListing:
    """Which cases to list, newest first. `*` among the brands is all of them."""

    brands: Collection[str]
    payment_id: str | None = None
    state: str | None = None
    kind: str | None = None
    owner: str | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True)
class CasePage:
    items: Sequence[CaseRow]
    next_cursor: str | None


def cursor_after(last: CaseRow) -> str:
    return base64.urlsafe_b64encode(f"{last.opened_at.isoformat()} {last.id}".encode()).decode()


def place_of(cursor: str) -> tuple[datetime, str]:
    try:
        found = _PLACE.fullmatch(base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii"))
        if found is not None:
            return datetime.fromisoformat(found.group(1)), found.group(2)
    except ValueError:
        pass
    raise BadCursor("cursor must be the next_cursor of a list")
