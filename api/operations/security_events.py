"""What was refused at our doors: for operators of all brands, since a door is everybody's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from activities.access.credential import ALL_BRANDS
from activities.security.tables import SecurityRow
from api.http.errors import forbidden
from api.http.fields import PspName
from api.http.listing import Page, shown
from api.http.openapi import reads
from api.operations.parts import DeskRead

router = APIRouter(prefix="/v1/security/events", tags=["Operations"])


class SecurityView(BaseModel):
    """Refusals of one kind: how many they were; the rest is of the last of them."""

    psp: str | None = Field(description="whose webhook it was; null: a request to the API itself")
    rule: str
    status: int
    occurrences: int
    remote: str | None
    header_names: list[str]
    body_bytes: int | None
    body_sha256: str | None
    place: str | None = Field(description="method and route of a request to the API")
    actor: str | None = Field(
        description="the name of the credential, or the prefix of a token that was none"
    )
    recorded_at: datetime


@router.get(
    "", summary="The newest refusals of webhooks and requests", responses=reads(Page[SecurityView])
)
async def listed(
    ask: DeskRead,
    psp: Annotated[PspName | None, Query()] = None,
    rule: Annotated[str | None, Query(max_length=64, description="for example signature")] = None,
    actor: Annotated[str | None, Query(max_length=64, description="whose credential")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    if ALL_BRANDS not in ask.caller.brands:
        raise forbidden("a door is everybody's: this needs a credential for all brands")
    rows = await ask.parts.security.list(psp=psp, rule=rule, actor=actor, limit=limit)
    return shown(Page(items=[_view(row) for row in rows], next_cursor=None))


def _view(row: SecurityRow) -> SecurityView:
    return SecurityView.model_validate(row, from_attributes=True)
