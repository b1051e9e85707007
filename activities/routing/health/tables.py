"""Breakers, what became of them, and rates. Written by SQL functions (functions.sql), but for the
rates."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    Index,
    text,
)
from sqlmodel import Field, SQLModel

from activities.routing.columns import identity, key, rate, time, words


class BreakerRow(SQLModel, table=True):
    """The method `*` is for calls that have none."""

    __tablename__ = "routing_breakers"

    psp: str = Field(sa_column=key())
    account: str = Field(sa_column=key())
    method: str = Field(sa_column=key())
    state: str = Field(sa_column=words(default="closed"))
    since: datetime = Field(sa_column=time(now="to_timestamp(0)"))
    opened: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    failed_in_a_row: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    probes: list[datetime] = Field(
        sa_column=Column(
            ARRAY(DateTime(timezone=True)), nullable=False, server_default=text("'{}'")
        )
    )
    """When the leases of the probes that are under way run out."""


class BreakerCountRow(SQLModel, table=True):
    """What was seen since the breaker entered its state, by second."""

    __tablename__ = "routing_breaker_counts"

    psp: str = Field(sa_column=key())
    account: str = Field(sa_column=key())
    method: str = Field(sa_column=key())
    second: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    answered: int
    failed: int


class HealthEventRow(SQLModel, table=True):
    __tablename__ = "routing_health_events"

    id: int | None = Field(default=None, sa_column=identity())
    at: datetime = Field(sa_column=time())
    psp: str = Field(sa_column=words())
    account: str = Field(sa_column=words())
    method: str = Field(sa_column=words())
    before: str = Field(sa_column=words())
    after: str = Field(sa_column=words())
    reason: str = Field(sa_column=words())


class RateRow(SQLModel, table=True):
    """How often a PSP may be asked, all operations together; null is no limit."""

    __tablename__ = "routing_rates"
    __table_args__ = (Index("routing_rates_latest", "psp", "id"),)

    id: int | None = Field(default=None, sa_column=identity())
    psp: str = Field(sa_column=words())
    per_second: float | None = Field(sa_column=rate())
    reason: str = Field(sa_column=words())
    set_by: str = Field(sa_column=words())
    set_at: datetime = Field(sa_column=time(now="clock_timestamp()"))
