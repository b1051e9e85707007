"""Which payments a caller may see."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement
from sqlmodel import col

from activities.registry.tables import PaymentRow

ALL_BRANDS = "*"


def visible(brands: Collection[str]) -> ColumnElement[bool]:
    if ALL_BRANDS in brands:
        return col(PaymentRow.id).is_not(None)
    return col(PaymentRow.brand).in_(list(brands))
