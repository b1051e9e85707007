"""Switching a PSP, a merchant account or a method on and off for new payments."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from activities.routing.switches import ANY, Switch
from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, invalid
from api.http.fields import AccountName, BrandId, Method, PspName, Reason, require_method
from api.http.idempotency import Reply, once
from api.http.listing import Page, shown
from api.http.openapi import reads, writes
from api.routing.parts import DeskRead, OperatorWrite, Write
from api.routing.scope import accounts_of, scope

router = APIRouter(prefix="/v1/routing/switches", tags=["Operations"], route_class=Endpoint)


_EXAMPLE = {"psp": "sandbox", "method": "card", "enabled": False, "reason": "PSP maintenance"}


class PutSwitch(Body, example=_EXAMPLE):
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


@router.get("", summary="What was switched", responses=reads(Page[SwitchView]))
async def listed(ask: DeskRead) -> Response:
    switches = await ask.parts.switches.seen_by(ask.caller.brands)
    return shown(Page(items=[_view(switch) for switch in switches], next_cursor=None))


@router.put(
    "",
    status_code=201,
    summary="Switch on or off for new payments; those under way go on",
    responses=writes(SwitchView, 201),
)
async def put(ask: OperatorWrite, body: PutSwitch) -> Response:
    brand = scope(ask, body.brand_id, "a switch")
    await _require_known(ask, body)
    claim = ask.claim(brand, f"switch:{body.psp}", body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        return Reply(201, _view(await _switched(ask, body, brand)))

    return await once(ask, claim, act)


async def _switched(ask: Write, body: PutSwitch, brand: str) -> Switch:
    return await ask.parts.switches.put(
        brand=brand,
        psp=body.psp,
        account=body.merchant_account or ANY,
        method=body.method or ANY,
        enabled=body.enabled,
        reason=body.reason,
        changed_by=ask.caller.person,
    )


async def _require_known(ask: Write, body: PutSwitch) -> None:
    profiles = accounts_of(ask, await ask.parts.snapshots.latest())
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
