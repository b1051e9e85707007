"""From what a run asks to the facts that rules may speak of."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from workflows.domain.money import Money
from workflows.domain.payments import RouteRequest
from workflows.domain.routing.facts import CardType, RoutingFacts, Weekday

W = TypeVar("W", bound=StrEnum)
_BIN = re.compile(r"[0-9]{6,8}", re.ASCII)
_WEEKDAYS = tuple(Weekday)


def facts_of(request: RouteRequest, at: datetime) -> RoutingFacts:
    """`at` is now, in UTC. A hint that makes no sense is not known: it fails no payment."""
    hints = request.facts
    local = _local(at, hints.utc_offset_minutes)
    return RoutingFacts(
        payment_id=request.payment_id,
        player_id=request.player_id,
        kind=request.kind,
        brand=request.brand,
        region=request.region,
        method=request.method,
        amount=request.amount or Money(0, request.currency),
        player_country=hints.player_country,
        card_country=hints.card_country,
        bin=hints.bin if hints.bin and _BIN.fullmatch(hints.bin) else None,
        card_type=_word(hints.card_type, CardType),
        scheme=hints.scheme,
        segment=request.segment,
        risk_band=hints.risk_band,
        weekday=_WEEKDAYS[local.weekday()] if local else None,
        hour=local.hour if local else None,
    )


def _word(text: str | None, words: type[W]) -> W | None:
    return next((word for word in words if word.value == text), None)


def _local(at: datetime, offset_minutes: int | None) -> datetime | None:
    if offset_minutes is None or abs(offset_minutes) > 24 * 60:
        return None
    return at + timedelta(minutes=offset_minutes)
