"""Cases: what a person has to decide, and whose it is."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from activities.cases.desk import CaseDesk
from activities.cases.reads import BadCursor, CaseListing
from api import resolutions
from api.bodies import Body, json_body
from api.case_views import (
    CaseEventView,
    CaseId,
    CaseView,
    CaseWithHistory,
    actions,
    require_open,
    the_case,
    view,
)
from api.dependencies import DeskRead, OperatorWrite
from api.errors import FieldError, invalid
from api.idempotency import Reply, once
from api.listing import Page, shown
from api.openapi import reads, takes, writes
from api.words import PaymentId, Word
from workflows.domain.payments import CaseKind

router = APIRouter(prefix="/v1/cases", tags=["Operations"])
router.include_router(resolutions.router)

Owner = Annotated[str, Word(r"[A-Za-z0-9._@-]{1,64}", "1 to 64 letters, digits or . _ @ -")]


class AssignCase(Body):
    owner: Owner


@router.get("", summary="List cases, newest first", responses=reads(Page[CaseView]))
async def listed(
    ask: DeskRead,
    payment_id: Annotated[PaymentId | None, Query()] = None,
    state: Annotated[Literal["open", "resolved"] | None, Query()] = None,
    kind: Annotated[CaseKind | None, Query()] = None,
    owner: Annotated[Owner | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=256, description="next_cursor")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    listing = CaseListing(
        brands=ask.caller.brands,
        payment_id=payment_id,
        state=state,
        kind=kind,
        owner=owner,
        cursor=cursor,
        limit=limit,
    )
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
    told = [
        CaseEventView(what=event.what, by=event.by, facts=event.facts, at=event.at)
        for event in await ask.parts.cases.history(row.id)
    ]
    may = await actions(ask, row)
    return shown(CaseWithHistory(**view(row).model_dump(), allowed_actions=may, history=told))


@router.post(
    "/{case_id}/assign",
    status_code=201,
    summary="Say whose a case is",
    responses=writes(CaseView, 201),
    openapi_extra=takes(AssignCase, {"owner": "operator-1"}),
)
async def assign(
    ask: OperatorWrite, case_id: CaseId, body: Annotated[AssignCase, Depends(json_body(AssignCase))]
) -> Response:
    row = await the_case(ask, case_id)
    claim = ask.claim(row.brand, row.id, body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        require_open(row)
        desk, key = CaseDesk(ask.parts.pool), hashlib.sha256(ask.key.encode()).hexdigest()
        await desk.assign(row.id, key=f"{key}:assigned", owner=body.owner, by=ask.caller.name)
        return Reply(201, view(await the_case(ask, row.id)))

    return await once(ask, claim, act)
