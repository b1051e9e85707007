"""A player's wallet: balances by currency, and the entries behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.amounts import AmountOut
from api.dependencies import AnyRead
from api.openapi import reads
from api.words import BrandId, PlayerId

router = APIRouter(prefix="/v1/wallet/players", tags=["Wallet"])


class BalanceView(BaseModel):
    brand_id: str
    currency: str
    available: AmountOut
    held: AmountOut = Field(description="set aside for payouts and refunds on their way")


class EntryView(BaseModel):
    id: str
    payment_id: str
    kind: str
    amount: AmountOut
    at: datetime


class WalletView(BaseModel):
    player_id: str
    balances: list[BalanceView]
    entries: list[EntryView] = Field(description="newest first")
    next_cursor: str | None


@router.get("/{player_id}", summary="Balances and entries", responses=reads(WalletView))
async def wallet(
    ask: AnyRead,
    player_id: PlayerId,
    brand_id: Annotated[BrandId | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    raise NotImplementedError
