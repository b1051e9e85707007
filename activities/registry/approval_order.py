"""In which order payouts wait for a second person, and where the next page begins."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import SQLColumnExpression
from sqlmodel import col

from activities.registry.cursors import BadCursor
from activities.registry.tables import PaymentRow


class Sort(StrEnum):
    AGE = "age"
    """The oldest first."""
    AMOUNT = "amount"
    """By currency, and of each the largest first."""


_PLACES = {
    Sort.AGE: re.compile(r"()(20[0-9T:.-]{8,30}\+00:00) (po_[0-9a-f]{32})", re.ASCII),
    Sort.AMOUNT: re.compile(r"([A-Z]{3}) ([0-9]{1,18}) (po_[0-9a-f]{32})", re.ASCII),
}


def order_of(sort: Sort) -> tuple[SQLColumnExpression[Any], ...]:
    if sort is Sort.AGE:
        return col(PaymentRow.created_at), col(PaymentRow.id)
    return col(PaymentRow.currency), -col(PaymentRow.amount_minor), col(PaymentRow.id)


def cursor_after(sort: Sort, last: PaymentRow) -> str:
    amount = f"{last.currency} {last.amount_minor}"
    place = last.created_at.isoformat() if sort is Sort.AGE else amount
    return base64.urlsafe_b64encode(f"{place} {last.id}".encode()).decode()


def place_of(sort: Sort, cursor: str) -> tuple[Any, ...]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
        found = _PLACES[sort].fullmatch(text)
        if found is not None and sort is Sort.AGE:
            return datetime.fromisoformat(found[2]), found[3]
        if found is not None:
            return found[1], -int(found[2]), found[3]
    except ValueError:
        pass
    raise BadCursor("cursor must be the next_cursor of a list of the same sort")
