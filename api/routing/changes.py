"""What is proposed for routing, and a second person's word on it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from activities.routing.changes.change import Change, ChangeDecision, ChangeRefused, Subject
from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.errors import not_found
from api.http.fields import Reason
from api.http.idempotency import Reply, once
from api.http.listing import Cursor, Limit, Page, number_of, numbered, shown
from api.http.named import Named
from api.http.openapi import reads, writes
from api.routing.documents import not_usable, refused_change
from api.routing.parts import ApproverWrite, DeskRead, Read, Write
from api.routing.scope import may_see, named
from api.routing.wording import sentences
from workflows.domain.routing.proofs.flaws import PolicyRefused

router = APIRouter(prefix="/v1/routing/changes", tags=["Routing"], route_class=Endpoint)

State = Literal["open", "stale", "approved", "rejected"]
ChangeId = Annotated[str, Path(description="the id of a change, such as 7")]


class DecideChange(Body, example={"decision": "approve", "reason": "the estimate is good"}):
    decision: Annotated[ChangeDecision, Named("ChangeDecision")] = Field(strict=False)
    reason: Reason


class ChangeSummary(BaseModel):
    id: int
    subject: Subject
    name: str = Field(description="`psp/id` of a merchant account, or the id of a policy")
    brand_id: str | None = Field(description="null: every brand without a policy of its own")
    version: int
    based_on: int = Field(description="the version that was active when it was proposed; 0: none")
    state: State = Field(
        description="stale: another version has become active since, so it can only be rejected"
    )
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None


class ChangeView(ChangeSummary):
    document: dict[str, Any]
    readable: list[str] = Field(description="of a policy: its rules in words, in their order")


@router.get(
    "",
    summary="What waits for a second person, and what was decided",
    description="Newest first; of one brand, its policies; of all brands, merchant accounts too.",
    responses=reads(Page[ChangeSummary]),
)
async def listed(
    ask: DeskRead,
    state: Annotated[Literal["open", "decided"] | None, Query()] = None,
    subject: Annotated[Subject | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    found = await ask.parts.changes.listed(
        ask.caller.brands,
        is_open=None if state is None else state == "open",
        subject=subject,
        before=number_of(cursor),
        limit=limit + 1,
    )
    return shown(numbered(found, limit, summary))


@router.get("/{change_id}", summary="Look at a change", responses=reads(ChangeView))
async def one(ask: DeskRead, change_id: ChangeId) -> Response:
    return shown(view(await _the_change(ask, change_id)))


@router.post(
    "/{change_id}/decision",
    status_code=201,
    summary="A second person's word on a change",
    description="Not by who proposed it. What is approved counts from the next payment on; those "
    "under way keep the version by which they were routed. It is judged once more against what is "
    "active now, and refused if that has moved on: then reject it and propose anew.",
    responses=writes(ChangeView, 201),
)
async def decide(ask: ApproverWrite, change_id: ChangeId, body: DecideChange) -> Response:
    change = await _the_change(ask, change_id)
    by = ask.caller.person
    # Bound to the person: another's decision under the same key is another request.
    claim = ask.claim(change.brand, f"change:{change.id}", body.model_dump() | {"by": by})

    async def act(_: str, __: bool) -> Reply:
        return Reply(201, view(await _decided(ask, change, body)))

    return await once(ask, claim, act)


async def _decided(ask: Write, change: Change, body: DecideChange) -> Change:
    try:
        return await ask.parts.changes.decide(
            change.id, body.decision, reason=body.reason, by=ask.caller.person
        )
    except PolicyRefused as refused:
        raise not_usable(refused.flaws) from None
    except ChangeRefused as refused:
        now = await ask.parts.changes.change(change.id)
        raise refused_change(refused, state_of(now or change)) from None


async def _the_change(ask: Read | Write, change_id: str) -> Change:
    """The change, if the caller may see it. Raises Problem `not-found`."""
    change = None
    if change_id.isascii() and change_id.isdecimal() and len(change_id) <= 15:
        change = await ask.parts.changes.change(int(change_id))
    if change is None or not may_see(ask, change.brand):
        raise not_found("change")
    return change


def state_of(change: Change) -> State:
    """Only what nobody has decided can be stale."""
    match change.decision:
        case ChangeDecision.APPROVE:
            return "approved"
        case ChangeDecision.REJECT:
            return "rejected"
        case None:
            return "stale" if change.stale else "open"


def view(change: Change) -> ChangeView:
    """With its document; in words, too, if it is a policy."""
    is_policy = change.subject is Subject.POLICY
    return ChangeView(
        **_told(change),
        document=change.document,
        readable=sentences(change.document) if is_policy else [],
    )


def summary(change: Change) -> ChangeSummary:
    """Without the document, which may be long."""
    return ChangeSummary(**_told(change))


def _told(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "subject": change.subject,
        "name": change.name,
        "brand_id": named(change.brand),
        "version": change.version,
        "based_on": change.based_on,
        "state": state_of(change),
        "reason": change.reason,
        "proposed_by": change.proposed_by,
        "proposed_at": change.proposed_at,
        "decided_by": change.decided_by,
        "decided_at": change.decided_at,
        "decision_reason": change.decision_reason,
    }
