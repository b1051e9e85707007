"""What compliance knows of a player: KYC, blocks, VIP, country."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from activities.risk.players import RiskPlayer
from api.bodies import Body, json_body
from api.dependencies import DeskRead, OperatorWrite
from api.idempotency import Reply, once
from api.listing import shown
from api.openapi import reads, takes, writes
from api.words import BrandId, Country, PlayerId

router = APIRouter(prefix="/v1/risk/players", tags=["Risk"])

Kyc = Literal["unknown", "verified", "rejected"]
Brand = Annotated[BrandId | None, Query(description="needed when the credential has several")]


class PutRiskPlayer(Body):
    kyc: Kyc
    blocked: bool
    vip: bool
    country: Country | None = None


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
    openapi_extra=takes(PutRiskPlayer, {"kyc": "verified", "blocked": False, "vip": False}),
)
async def put(
    ask: OperatorWrite,
    player_id: PlayerId,
    body: Annotated[PutRiskPlayer, Depends(json_body(PutRiskPlayer))],
    brand_id: Brand = None,
) -> Response:
    brand = ask.caller.brand(brand_id, "brand_id")
    claim = ask.claim(brand, f"player:{player_id}", body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        known = RiskPlayer(**body.model_dump())
        await ask.parts.players.put(brand, player_id, known)
        return Reply(201, _view(brand, player_id, known))

    return await once(ask, claim, act)


@router.get("/{player_id}", summary="What is known of a player", responses=reads(RiskPlayerView))
async def get(ask: DeskRead, player_id: PlayerId, brand_id: Brand = None) -> Response:
    brand = ask.caller.brand(brand_id, "brand_id")
    return shown(_view(brand, player_id, await ask.parts.players.get(brand, player_id)))


def _view(brand: str, player_id: str, known: RiskPlayer) -> RiskPlayerView:
    return RiskPlayerView(player_id=player_id, brand_id=brand, **asdict(known))
