"""Lists: newest first, by cursor, with the same filters for every noun."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Response
from pydantic import BaseModel

from activities.registry.reads import Listing
from activities.registry.tables import PaymentRow
from api.dependencies import Read
from api.errors import FieldError, invalid
from api.words import Moment, PlayerId, Status
from workflows.domain import deposits, payouts, refunds
from workflows.domain.late_events import Returned
from workflows.domain.payments import Kind

V = TypeVar("V", bound=BaseModel)

_PLACE = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}\+00:00 (in|po|re)_[0-9a-f]{32}", re.ASCII
)


class Page(BaseModel, Generic[V]):
    items: list[V]
    next_cursor: str | None


@dataclass(frozen=True)
class Filters:
    """Every filter narrows; without any the newest payments come."""

    player_id: Annotated[PlayerId | None, Query()] = None
    status: Annotated[Status | None, Query(description="for example CAPTURED")] = None
    created_from: Annotated[Moment | None, Query(description="at or after")] = None
    created_to: Annotated[Moment | None, Query(description="before")] = None
    cursor: Annotated[str | None, Query(max_length=256, description="next_cursor of a page")] = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50


_STATUSES: dict[str, type[StrEnum]] = {
    Kind.DEPOSIT: deposits.Status,
    Kind.PAYOUT: payouts.Status,
    Kind.REFUND: refunds.Status,
}


def _status(given: str | None, kind: str) -> str | None:
    late = [status for status in Returned if status.startswith(kind.upper())]
    known = [str(status) for status in (*_STATUSES[kind], *late)]
    if given is not None and given not in known:
        raise invalid(FieldError("status", f"must be one of {', '.join(known)}"))
    return given


async def page(ask: Read, kind: str, filters: Filters, view: Callable[[PaymentRow], V]) -> Response:
    found = await ask.parts.registry.list(
        Listing(
            kind=kind,
            brands=ask.caller.brands,
            player_id=filters.player_id,
            status=_status(filters.status, kind),
            created_from=moment_of(filters.created_from, "created_from"),
            created_to=moment_of(filters.created_to, "created_to"),
            cursor=_cursor(filters.cursor),
            limit=filters.limit,
        )
    )
    return shown(Page(items=[view(row) for row in found.items], next_cursor=found.next_cursor))


def shown(view: BaseModel, status: int = 200) -> Response:
    body = view.model_dump_json(exclude_unset=True)
    return Response(body, status, media_type="application/json")


def moment_of(text: str | None, name: str) -> datetime | None:
    """Raises Problem `invalid-request`."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise invalid(FieldError(name, "there is no such time")) from None


def _cursor(given: str | None) -> str | None:
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
