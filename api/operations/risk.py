"""What compliance knows of a player: KYC, blocks, VIP, country."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.fields import BrandId, Country, PlayerId, Reason
from api.http.idempotency import Reply, once
from api.http.listing import shown
from api.http.openapi import reads, writes
from api.operations.parts import DeskRead, OperatorWrite
from workflows.domain.risk import RiskPlayer

router = APIRouter(prefix="/v1/risk/players", tags=["Risk"], route_class=Endpoint)

Kyc = Literal["unknown", "verified", "rejected"]
Brand = Annotated[BrandId | None, Query(description="needed when the credential has several")]


_EXAMPLE = {"kyc": "verified", "blocked": False, "vip": False, "reason": "passport seen"}


class PutRiskPlayer(Body, example=_EXAMPLE):
    kyc: Kyc
    blocked: bool
    vip: bool
    country: Country | None = None
    reason: Reason


class RiskPlayerView(BaseModel):
    player_id: str
    brand_id: str
    kyc: str
    blocked: bool
    vip: bool
    country: str | None


@router.put(
    "/{player_id}",
    status_code=201,
    summary="Say what is known of a player",
    responses=writes(RiskPlayerView, 201),
)
async def put(
    ask: OperatorWrite,
    player_id: PlayerId,
    body: PutRiskPlayer,
    brand_id: Brand = None,
) -> Response:
    brand = ask.caller.brand(brand_id, "brand_id")
    claim = ask.claim(brand, f"player:{player_id}", body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        known = RiskPlayer(**body.model_dump(exclude={"reason"}))
        await ask.parts.players.put(brand, player_id, known)
        return Reply(201, _view(brand, player_id, known))

    return await once(ask, claim, act)


@router.get("/{player_id}", summary="What is known of a player", responses=reads(RiskPlayerView))
async def get(ask: DeskRead, player_id: PlayerId, brand_id: Brand = None) -> Response:
    brand = ask.caller.brand(brand_id, "brand_id")
    return shown(_view(brand, player_id, await ask.parts.players.get(brand, player_id)))


def _view(brand: str, player_id: str, known: RiskPlayer) -> RiskPlayerView:
    return RiskPlayerView(player_id=player_id, brand_id=brand, **asdict(known))
