"""Deposits, payouts and refunds, each listed newest first, with the same filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, make_dataclass
from typing import Annotated, Any, TypeVar, get_type_hints

from fastapi import Query, Response
from pydantic import BaseModel

from activities.registry.listing import Listing
from activities.registry.tables import PaymentRow
from api.cashier.parts import Read
from api.http.errors import FieldError, invalid
from api.http.fields import IntentName, Moment, PlayerId
from api.http.listing import Page, cursor_of, moment_of, shown
from workflows.domain.identity import Kind
from workflows.domain.orders import KINDS

V = TypeVar("V", bound=BaseModel)


@dataclass(frozen=True)
class PaymentFilters:
    """Every filter narrows; without any the newest payments come."""

    player_id: Annotated[PlayerId | None, Query()] = None
    status: Annotated[str | None, Query(description="one of this noun's")] = None
    created_from: Annotated[Moment | None, Query(description="at or after")] = None
    created_to: Annotated[Moment | None, Query(description="before")] = None
    cursor: Annotated[str | None, Query(max_length=256, description="next_cursor of a page")] = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50


def filters_by(status: Any) -> type[PaymentFilters]:
    """With the noun's own states. Types are resolved here, where their names are known."""
    types = get_type_hints(PaymentFilters, include_extras=True)
    types["status"] = Annotated[status | None, Query()]
    its = [(each.name, types[each.name], each.default) for each in fields(PaymentFilters)]
    return make_dataclass("Filters", its, bases=(PaymentFilters,), frozen=True)


OfIntent = Annotated[IntentName | None, Query(description="what came of this deposit")]


def _status(given: str | None, kind: Kind) -> str | None:
    known = [str(status) for status in KINDS[kind].statuses]
    if given is not None and given not in known:
        raise invalid(FieldError("status", f"must be one of {', '.join(known)}"))
    return given


async def page(
    ask: Read,
    kind: Kind,
    filters: PaymentFilters,
    view: Callable[[PaymentRow], V],
    intent_id: str | None = None,
) -> Response:
    """Of the caller's brands, newest first.

    Raises Problem `invalid-request` for another noun's status, a time or a cursor that is none.
    """
    found = await ask.parts.registry.list(
        Listing(
            kind=kind,
            brands=ask.caller.brands,
            player_id=filters.player_id,
            status=_status(filters.status, kind),
            intent_id=intent_id,
            created_from=moment_of(filters.created_from, "created_from"),
            created_to=moment_of(filters.created_to, "created_to"),
            cursor=cursor_of(filters.cursor),
            limit=filters.limit,
        )
    )
    return shown(Page(items=[view(row) for row in found.items], next_cursor=found.next_cursor))
