"""A player's wallet: balances by currency, and the entries behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from activities.access.credential import ALL_BRANDS
from activities.wallet.statement import Balance, Entry
from api.http.amounts import AmountOut
from api.http.errors import not_found
from api.http.fields import BrandId, PlayerId
from api.http.listing import Limit, number_of, numbered, shown
from api.http.openapi import reads
from api.operations.parts import AnyRead, Read

router = APIRouter(prefix="/v1/wallet/players", tags=["Wallet"])


class BalanceView(BaseModel):
    brand_id: str
    currency: str
    available: AmountOut
    held: AmountOut = Field(description="set aside for payouts and refunds on their way")


class EntryView(BaseModel):
    id: str
    brand_id: str
    payment_id: str
    kind: str = Field(description="credit, debit, hold, capture_hold or release")
    account: Literal["available", "held"]
    direction: Literal["in", "out"]
    amount: AmountOut
    balance_after: AmountOut = Field(description="of this account, after this entry")
    at: datetime


class WalletView(BaseModel):
    player_id: str
    balances: list[BalanceView]
    entries: list[EntryView] = Field(description="newest first")
    next_cursor: str | None


@dataclass(frozen=True)
class WalletFilters:
    """`brand_id` narrows balances and entries; the others go through the entries."""

    brand_id: Annotated[BrandId | None, Query(description="only of this brand")] = None
    cursor: Annotated[str | None, Query(max_length=64, description="next_cursor")] = None
    limit: Limit = 50


@router.get("/{player_id}", summary="Balances and entries", responses=reads(WalletView))
async def wallet(
    ask: AnyRead, player_id: PlayerId, filters: Annotated[WalletFilters, Depends()]
) -> Response:
    brands, before = _brands(ask, filters.brand_id), number_of(filters.cursor)
    balances = [_balance(each) for each in await ask.parts.wallet.balances(player_id, brands)]
    found = await ask.parts.wallet.entries(
        player_id, brands, before=before, limit=filters.limit + 1
    )
    page = numbered(found, filters.limit, _entry)
    return shown(
        WalletView(
            player_id=player_id,
            balances=balances,
            entries=page.items,
            next_cursor=page.next_cursor,
        )
    )


def _brands(ask: Read, brand_id: str | None) -> frozenset[str]:
    brands = ask.caller.brands
    if brand_id is None:
        return brands
    if ALL_BRANDS not in brands and brand_id not in brands:
        raise not_found("brand")
    return frozenset({brand_id})


def _balance(balance: Balance) -> BalanceView:
    return BalanceView(
        brand_id=balance.brand,
        currency=balance.currency,
        available=AmountOut.of_minor(balance.available, balance.currency),
        held=AmountOut.of_minor(balance.held, balance.currency),
    )


def _entry(entry: Entry) -> EntryView:
    return EntryView(
        id=str(entry.id),
        brand_id=entry.brand,
        payment_id=entry.payment_id,
        kind=entry.kind,
        account="held" if entry.account == "held" else "available",
        direction="in" if entry.amount_minor > 0 else "out",
        amount=AmountOut.of_minor(abs(entry.amount_minor), entry.currency),
        balance_after=AmountOut.of_minor(entry.balance_after, entry.currency),
        at=entry.at,
    )
