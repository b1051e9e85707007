"""What was refused at the PSPs' door: for operators of all brands, since a door is everybody's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from activities.access.credentials import ALL_BRANDS
from activities.inbox.tables import SecurityRow
from api.dependencies import DeskRead
from api.errors import forbidden
from api.listing import Page, shown
from api.openapi import reads
from api.words import PspName

router = APIRouter(prefix="/v1/security/events", tags=["Operations"])


class SecurityView(BaseModel):
    """Refusals of one kind: how many they were; the rest is of the last of them."""

    psp: str
    rule: str
    status: int
    occurrences: int
    remote: str | None
    header_names: list[str]
    body_bytes: int | None
    body_sha256: str | None
    recorded_at: datetime


@router.get("", summary="The newest refusals of webhooks", responses=reads(Page[SecurityView]))
async def listed(
    ask: DeskRead,
    psp: Annotated[PspName | None, Query()] = None,
    rule: Annotated[str | None, Query(max_length=64, description="for example signature")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    if ALL_BRANDS not in ask.caller.brands:
        raise forbidden("a door is everybody's: this needs a credential for all brands")
    rows = await ask.parts.security.list(psp=psp, rule=rule, limit=limit)
    return shown(Page(items=[_view(row) for row in rows], next_cursor=None))


def _view(row: SecurityRow) -> SecurityView:
    return SecurityView.model_validate(row, from_attributes=True)
