"""What a policy would have done with the payments of the past, before anybody approves it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Response
from pydantic import Field

from activities.routing.learning.apart import EndedEarly
from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, invalid, not_found, unavailable
from api.http.fields import Moment
from api.http.idempotency import Reply, once
from api.http.listing import moment_of
from api.http.openapi import writes
from api.routing.documents import Whole
from api.routing.estimate_views import EstimateView, ReplayView, estimated, replayed
from api.routing.parts import DeskWrite, Write
from api.routing.policies import PolicyId, versions_of

router = APIRouter(
    prefix="/v1/routing/policies/{policy_id}", tags=["Routing"], route_class=Endpoint
)

T = TypeVar("T")
_MOST_DAYS = 31


_EXAMPLE: dict[str, Any] = {"from": "2031-01-30T00:00:00Z", "to": "2031-01-31T00:00:00Z"}


class Past(Body, example=_EXAMPLE):
    """Payments opened from `from` up to, and not at, `to`: 31 days at most."""

    begin: Moment = Field(alias="from", description="at or after; an RFC 3339 time with offset")
    end: Moment = Field(alias="to", description="before; at most 31 days later")
    version: Annotated[Whole, Field(ge=1, le=2**31 - 1)] | None = Field(
        None, description="of the policy, open changes too; without it, the latest one proposed"
    )


@dataclass(frozen=True)
class _Asked:
    policy_id: str
    version: int | None
    begin: datetime
    end: datetime
    brand: str


@router.post(
    "/estimate",
    status_code=201,
    summary="What a policy would have done: approvals and costs, with their bounds",
    description="Judged from the receipts of payments that were made, before the policy counts: "
    "approvals and cost per payment, each with bounds of 95 % confidence. A payment is judged only "
    "if the policy in force could have sent it first wherever the new one would; how many could "
    "not be judged, and why, is told. Of the newest 200,000 payments in the time asked for.",
    responses=writes(EstimateView, 201),
)
async def estimate(ask: DeskWrite, policy_id: PolicyId, body: Past) -> Response:
    asked = await _asked(ask, policy_id, body)

    async def act(_: str, __: bool) -> Reply:
        found = await _judged(ask.parts.estimates.estimate, asked)
        return Reply(201, estimated(policy_id, found))

    # Before the key is claimed: that the share is used up is no answer to keep.
    with ask.parts.judging.taken(asked.brand):
        return await once(ask, _claim(ask, asked, body), act)


@router.post(
    "/replay",
    status_code=201,
    summary="Which payments of the past would have gone elsewhere",
    description="Decides every payment again, by its own facts and its own draw, and lists the "
    "newest 1,000 that would have been sent to another merchant account first. It says nothing "
    "about what would have become of them: that is what the estimate is for.",
    responses=writes(ReplayView, 201),
)
async def replay(ask: DeskWrite, policy_id: PolicyId, body: Past) -> Response:
    asked = await _asked(ask, policy_id, body)

    async def act(_: str, __: bool) -> Reply:
        found = await _judged(ask.parts.estimates.replay, asked)
        return Reply(201, replayed(policy_id, found))

    # Before the key is claimed: that the share is used up is no answer to keep.
    with ask.parts.judging.taken(asked.brand):
        return await once(ask, _claim(ask, asked, body), act)


async def _judged(
    judge: Callable[[str, int | None, datetime, datetime], Awaitable[T]], asked: _Asked
) -> T:
    try:
        return await judge(asked.policy_id, asked.version, asked.begin, asked.end)
    except EndedEarly:
        raise unavailable("the process that judges payments") from None


def _claim(ask: Write, asked: _Asked, body: Past) -> Any:
    return ask.claim(asked.brand, f"policy:{asked.policy_id}", body.model_dump(by_alias=True))


async def _asked(ask: Write, policy_id: str, body: Past) -> _Asked:
    """Raises Problem `not-found` or `invalid-request`."""
    newest = await versions_of(ask, policy_id, 1)
    if not newest:
        raise not_found("policy")
    if body.version is not None and body.version > newest[0].version:
        raise invalid(FieldError("/version", f"from 1 to {newest[0].version}"))
    begin, end = moment_of(body.begin, "/from"), moment_of(body.end, "/to")
    if begin is None or end is None or not begin < end <= begin + timedelta(days=_MOST_DAYS):
        raise invalid(FieldError("/to", f"after `from`, by at most {_MOST_DAYS} days"))
    return _Asked(policy_id, body.version, begin, end, newest[0].brand)
