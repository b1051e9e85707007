"""What routing learns from: chargebacks, and counts of first attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Text,
)
from sqlmodel import Field, SQLModel

from activities.routing.columns import identity, jsonb, time, words


class ChargebackRow(SQLModel, table=True):
    """A payment that a bank took back, as it was reported to us."""

    __tablename__ = "routing_chargebacks"
    __table_args__ = (Index("routing_chargebacks_at", "at"),)

    payment_id: str = Field(sa_column=Column(Text, primary_key=True))
    at: datetime = Field(sa_column=time(now="now()"))
    """When we heard of it."""
    reported_by: str = Field(sa_column=words())


class StatisticsRow(SQLModel, table=True):
    """Counts of first attempts over a sliding window; only the latest versions are kept."""

    __tablename__ = "routing_statistics"

    version: int | None = Field(default=None, sa_column=identity())
    document: dict[str, Any] = Field(sa_column=jsonb())
    counted_at: datetime = Field(sa_column=time(now="now()"))
