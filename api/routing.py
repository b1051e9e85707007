"""Switching a PSP, a merchant account or a method on and off for new payments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from activities.routing.switches import ANY, Switch
from api.bodies import Body, json_body
from api.dependencies import DeskRead, OperatorWrite, Write
from api.errors import FieldError, invalid
from api.idempotency import Reply, once
from api.listing import Page, shown
from api.openapi import reads, takes, writes
from api.routing_scope import scope
from api.words import AccountName, BrandId, Method, PspName, Reason, require_method

router = APIRouter(prefix="/v1/routing/switches", tags=["Operations"])


class PutSwitch(Body):
    psp: PspName
    merchant_account: AccountName | None = Field(None, description="without it, all of the PSP")
    method: Method | None = Field(None, description="without it, every method")
    brand_id: BrandId | None = Field(None, description="without it, all brands")
    enabled: bool
    reason: Reason


class SwitchView(BaseModel):
    psp: str
    merchant_account: str | None
    method: str | None
    brand_id: str | None
    enabled: bool
    reason: str
    changed_by: str
    changed_at: datetime


_EXAMPLE = {"psp": "sandbox", "method": "card", "enabled": False, "reason": "PSP maintenance"}


@router.get("", summary="What was switched", responses=reads(Page[SwitchView]))
async def listed(ask: DeskRead) -> Response:
    switches = await ask.parts.switches.seen_by(ask.caller.brands)
    return shown(Page(items=[_view(switch) for switch in switches], next_cursor=None))


@router.put(
    "",
    status_code=201,
    summary="Switch on or off for new payments; those under way go on",
    responses=writes(SwitchView, 201),
    openapi_extra=takes(PutSwitch, _EXAMPLE),
)
async def put(
    ask: OperatorWrite, body: Annotated[PutSwitch, Depends(json_body(PutSwitch))]
) -> Response:
    brand = scope(ask, body.brand_id, "a switch")
    await _require_known(ask, body)
    claim = ask.claim(brand, f"switch:{body.psp}", body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        switch = await ask.parts.switches.put(
            brand=brand,
            psp=body.psp,
            account=body.merchant_account or ANY,
            method=body.method or ANY,
            enabled=body.enabled,
            reason=body.reason,
            changed_by=ask.caller.name,
        )
        return Reply(201, _view(switch))

    return await once(ask, claim, act)


async def _require_known(ask: Write, body: PutSwitch) -> None:
    profiles = (await ask.parts.snapshots.latest()).accounts.profiles
    psps = {profile.psp for profile in profiles}
    if body.psp not in psps:
        raise invalid(FieldError("/psp", f"must be one of {', '.join(sorted(psps)) or 'none'}"))
    if body.method is not None:
        require_method(body.method, ask.parts.settings)
    known = {profile.id for profile in profiles if profile.psp == body.psp}
    if body.merchant_account is not None and body.merchant_account not in known:
        allowed = ", ".join(sorted(known))
        raise invalid(FieldError("/merchant_account", f"must be one of {allowed}"))


def _view(switch: Switch) -> SwitchView:
    def named(value: str) -> str | None:
        return None if value == ANY else value

    return SwitchView(
        psp=switch.psp,
        merchant_account=named(switch.account),
        method=named(switch.method),
        brand_id=named(switch.brand),
        enabled=switch.enabled,
        reason=switch.reason,
        changed_by=switch.changed_by,
        changed_at=switch.changed_at,
    )
