"""Cases: what a person has to decide, and whose it is."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from activities.cases.listing import BadCursor, CaseListing
from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, invalid
from api.http.fields import PaymentId, Reason, Word
from api.http.idempotency import Reply, once
from api.http.listing import Cursor, Limit, Page, shown
from api.http.openapi import reads, writes
from api.operations import resolutions
from api.operations.case_views import (
    CaseEventView,
    CaseId,
    CaseView,
    CaseWithHistory,
    actions,
    require_open,
    the_case,
    view,
)
from api.operations.parts import DeskRead, OperatorWrite
from workflows.domain.escalations import CaseKind

router = APIRouter(prefix="/v1/cases", tags=["Operations"], route_class=Endpoint)
router.include_router(resolutions.router)

Owner = Annotated[str, Word(r"[A-Za-z0-9._@-]{1,64}", "1 to 64 letters, digits or . _ @ -")]


class AssignCase(Body, example={"owner": "operator-1"}):
    owner: Owner
    reason: Reason | None = None


@dataclass(frozen=True)
class CaseFilters:
    """Every filter narrows; without any the newest cases come."""

    payment_id: Annotated[PaymentId | None, Query()] = None
    state: Annotated[Literal["open", "resolved"] | None, Query()] = None
    kind: Annotated[CaseKind | None, Query()] = None
    owner: Annotated[Owner | None, Query()] = None
    cursor: Cursor = None
    limit: Limit = 50


@router.get("", summary="List cases, newest first", responses=reads(Page[CaseView]))
async def listed(ask: DeskRead, filters: Annotated[CaseFilters, Depends()]) -> Response:
    listing = CaseListing(brands=ask.caller.brands, **asdict(filters))
    try:
        found = await ask.parts.cases.list(listing)
    except BadCursor as wrong:
        raise invalid(FieldError("cursor", str(wrong))) from None
    return shown(Page(items=[view(row) for row in found.items], next_cursor=found.next_cursor))


@router.get(
    "/{case_id}",
    summary="Look at a case, its history, and what can be done about it",
    responses=reads(CaseWithHistory),
)
async def one(ask: DeskRead, case_id: CaseId) -> Response:
    row = await the_case(ask, case_id)
    history = [
        CaseEventView(what=event.what, by=event.by, facts=event.facts, at=event.at)
        for event in await ask.parts.cases.history(row.id)
    ]
    may = await actions(ask, row)
    return shown(CaseWithHistory(**view(row).model_dump(), allowed_actions=may, history=history))


@router.post(
    "/{case_id}/assign",
    status_code=201,
    summary="Say whose a case is",
    responses=writes(CaseView, 201),
)
async def assign(ask: OperatorWrite, case_id: CaseId, body: AssignCase) -> Response:
    row = await the_case(ask, case_id)
    claim = ask.claim(row.brand, row.id, body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        require_open(row)
        desk, key = ask.parts.case_desk, hashlib.sha256(ask.key.encode()).hexdigest()
        await desk.assign(row.id, key=f"{key}:assigned", owner=body.owner, by=ask.caller.person)
        return Reply(201, view(await the_case(ask, row.id)))

    return await once(ask, claim, act)
