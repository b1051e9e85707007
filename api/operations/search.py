"""Payments of every kind, found by whatever a person has in hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field
from pydantic_core import PydanticCustomError

from activities.registry.search import Found
from activities.registry.sought import Sought, Word
from api.http import payment_views as views
from api.http.amounts import money_of
from api.http.errors import FieldError, invalid
from api.http.fields import CurrencyCode, Day, LastFour, Moment, PlayerId
from api.http.fields import Word as Pattern
from api.http.listing import Page, cursor_of, moment_of, shown
from api.http.named import Named, PaymentKind
from api.http.openapi import reads
from api.operations.parts import AnyRead, Read
from workflows.domain.identity import Kind, pattern_of
from workflows.domain.money import Money

router = APIRouter(prefix="/v1/payments", tags=["Search"])

Text = Annotated[str, Pattern(r"[^\x00-\x1f\x7f]{1,512}", "1 to 512 characters, one line")]
Amount = Annotated[str, Pattern(r"[0-9]{1,18}(\.[0-9]{1,4})?", "a plain decimal such as 50.00")]

SearchWord = Annotated[Word, Named("SearchWord")]

_OURS = re.compile(rf"({pattern_of()}):[!-~]*", re.ASCII)
"""What PSPs know a payment by, and what stands in their dashboards: its id and a step."""
_DAY = timedelta(days=1)


class FoundPayment(views.Seen):
    kind: PaymentKind
    id: str = Field(description="in_…, po_… or re_…")
    intent_id: str | None = Field(description="of a refund or payout: the deposit it is about")
    refund_id: str | None = Field(description="your name of a refund")
    capture_id: str | None
    last_four: str | None
    found_by: list[str] = Field(
        description="what the rarest part of the search is of this payment: "
        + ", ".join([*Word, "last_four", "amount"])
    )


@dataclass(frozen=True)
class Wanted:
    """Every parameter narrows. One of q, player_id, last_four and amount is needed."""

    q: Annotated[
        Text | None,
        Query(
            description="an id of ours, a PSP's reference (of an authorization, capture, refund, "
            "payout or dispute), a trace id, your reference, a value of your metadata: the whole "
            "of it, as it is"
        ),
    ] = None
    by: Annotated[SearchWord | None, Query(description="what q is; without it, whatever fits")] = (
        None
    )
    player_id: Annotated[PlayerId | None, Query()] = None
    last_four: Annotated[LastFour | None, Query(description="of the card")] = None
    amount: Annotated[Amount | None, Query(description="with currency")] = None
    currency: Annotated[CurrencyCode | None, Query(description="with amount")] = None
    day: Annotated[Day | None, Query(description="on which it was opened, in UTC")] = None
    kind: Annotated[PaymentKind | None, Query()] = None
    created_from: Annotated[Moment | None, Query(description="at or after")] = None
    created_to: Annotated[Moment | None, Query(description="before")] = None
    cursor: Annotated[str | None, Query(max_length=256, description="next_cursor of a page")] = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50


@router.get(
    "", summary="Find payments, whatever you have in hand", responses=reads(Page[FoundPayment])
)
async def found(ask: AnyRead, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Deposits, payouts and refunds of the credential's brands, the newest first. A card is found
    by its `last_four` where the platform gave them with the intent; `amount` and `day` narrow it.
    """
    page = await ask.parts.search.find(_sought(ask, wanted))
    items = [_view(one) for one in page.items]
    return shown(Page(items=items, next_cursor=page.next_cursor))


def _sought(ask: Read, wanted: Wanted) -> Sought:
    """Raises Problem `invalid-request`."""
    needed = (wanted.q, wanted.player_id, wanted.last_four, wanted.amount)
    if all(part is None for part in needed):
        raise invalid(FieldError("query", "name one of q, player_id, last_four and amount"))
    if wanted.by is not None and wanted.q is None:
        raise invalid(FieldError("by", "goes with q"))
    since, until = _times(wanted)
    return Sought(
        brands=ask.caller.brands,
        text=_OURS.sub(r"\1", wanted.q) if wanted.q else None,
        by=wanted.by,
        player_id=wanted.player_id,
        last_four=wanted.last_four,
        amount=_amount(wanted),
        kind=wanted.kind,
        created_from=since,
        created_to=until,
        cursor=cursor_of(wanted.cursor),
        limit=wanted.limit,
    )


def _amount(wanted: Wanted) -> Money | None:
    if wanted.amount is None or wanted.currency is None:
        if wanted.amount is not wanted.currency:
            raise invalid(FieldError("amount", "goes with currency, and currency with amount"))
        return None
    try:
        return money_of(wanted.amount, wanted.currency)
    except PydanticCustomError as wrong:
        raise invalid(FieldError("amount", wrong.message())) from None


def _times(wanted: Wanted) -> tuple[datetime | None, datetime | None]:
    since = moment_of(wanted.created_from, "created_from")
    until = moment_of(wanted.created_to, "created_to")
    if wanted.day is None:
        return since, until
    if since or until:
        raise invalid(FieldError("day", "goes without created_from and created_to"))
    try:
        begins = datetime.combine(date.fromisoformat(wanted.day), time(), UTC)
    except ValueError:
        raise invalid(FieldError("day", "there is no such day")) from None
    return begins, begins + _DAY


def _view(found: Found) -> FoundPayment:
    row = found.payment
    names: Mapping[str, Any] = row.details
    return FoundPayment(
        kind=Kind(row.kind),
        id=row.id,
        intent_id=row.intent_id or names.get("intent_id"),
        refund_id=row.refund_id,
        capture_id=row.capture_id or names.get("capture_id"),
        last_four=names.get("last_four"),
        found_by=sorted(set(found.by)),
        **views.seen(row),
    )
