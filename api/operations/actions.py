"""Who did what, from where and why: for operators and approvers, by brand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from activities.access.actions import Done, Sought
from api.http.errors import FieldError, invalid
from api.http.fields import BrandId
from api.http.listing import Cursor, Limit, Page, number_of, numbered, shown
from api.http.openapi import reads
from api.operations.parts import DeskRead, Read

router = APIRouter(prefix="/v1/operations/actions", tags=["Operations"])

_LONGEST = 320


class ActionView(BaseModel):
    """One thing that a person or a program had done; never what the request said."""

    at: datetime
    actor: str = Field(description="the credential's name, or the user of the command line")
    person: str = Field(description="whose credential it is")
    brand_id: str = Field(description="`*`: it is about every brand")
    remote: str | None = Field(description="the address that it came from")
    what: str = Field(
        description="method and route, or the command",
        examples=["PUT /v1/risk/players/{player_id}"],
    )
    subject: str = Field(examples=["player:player-1"])
    reason: str | None
    trace_id: str
    answered: int | None = Field(
        description="the HTTP status that came of it; null: not answered for good, or no request"
    )


@dataclass(frozen=True)
class ActionFilters:
    """Each must match whole; without any, the newest actions come."""

    brand_id: Annotated[BrandId | None, Query()] = None
    subject: Annotated[
        str | None, Query(max_length=_LONGEST, description="the id of a payment, player:…, case_…")
    ] = None
    person: Annotated[str | None, Query(max_length=_LONGEST)] = None
    actor: Annotated[str | None, Query(max_length=64)] = None
    cursor: Cursor = None
    limit: Limit = 50


@router.get(
    "",
    summary="Who did what, newest first",
    description="Every write is here, also one that was refused for what it asked; a repeated "
    "request is here once. Of the brands of the credential; those about every brand are shown to "
    "credentials for all brands.",
    responses=reads(Page[ActionView]),
)
async def listed(ask: DeskRead, filters: Annotated[ActionFilters, Depends()]) -> Response:
    found = await ask.parts.actions.list(_sought(ask, filters))
    return shown(numbered(found, filters.limit, _view))


def _sought(ask: Read, filters: ActionFilters) -> Sought:
    """Raises Problem `invalid-request` or `not-found`."""
    asked = filters.brand_id
    return Sought(
        brands=ask.caller.brands,
        brand=None if asked is None else ask.caller.brand(asked, "brand_id"),
        subject=_text(filters.subject, "subject"),
        person=_text(filters.person, "person"),
        actor=_text(filters.actor, "actor"),
        before=number_of(filters.cursor),
        limit=filters.limit + 1,
    )


def _text(given: str | None, name: str) -> str | None:
    if given is not None and not given.isprintable():
        raise invalid(FieldError(name, "must be printable"))
    return given


def _view(done: Done) -> ActionView:
    return ActionView(
        at=done.at,
        actor=done.actor,
        person=done.person,
        brand_id=done.brand,
        remote=done.remote,
        what=done.what,
        subject=done.subject,
        reason=done.reason,
        trace_id=done.trace_id,
        answered=done.answered,
    )
