"""A player's wallet: balances by currency, and the entries behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from activities.access.credentials import ALL_BRANDS
from activities.wallet.reads import Balance, Entry
from api.amounts import AmountOut
from api.dependencies import AnyRead, Read
from api.errors import FieldError, invalid, not_found
from api.listing import shown
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


@router.get("/{player_id}", summary="Balances and entries", responses=reads(WalletView))
async def wallet(
    ask: AnyRead,
    player_id: PlayerId,
    brand_id: Annotated[BrandId | None, Query(description="only of this brand")] = None,
    cursor: Annotated[str | None, Query(max_length=64, description="next_cursor")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    brands = _brands(ask, brand_id)
    balances = await ask.parts.wallet.balances(player_id, brands)
    # One more than is shown tells whether there is more.
    entries = await ask.parts.wallet.entries(
        player_id, brands, before=_before(cursor), limit=limit + 1
    )
    more = len(entries) > limit
    return shown(
        WalletView(
            player_id=player_id,
            balances=[_balance(balance) for balance in balances],
            entries=[_entry(entry) for entry in entries[:limit]],
            next_cursor=str(entries[limit - 1].id) if more else None,
        )
    )


def _brands(ask: Read, brand_id: str | None) -> frozenset[str]:
    brands = ask.caller.brands
    if brand_id is None:
        return brands
    if ALL_BRANDS not in brands and brand_id not in brands:
        raise not_found("brand")
    return frozenset({brand_id})


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise invalid(FieldError("cursor", "must be the next_cursor of a list"))
    return int(cursor)


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
