"""Stops by hand, and what they park. Written by SQL functions (functions.sql)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    text,
)
from sqlmodel import Field, SQLModel

from activities.routing.columns import identity, rate, time, words


class StopRow(SQLModel, table=True):
    """`*` stands for every brand, PSP, account or region."""

    __tablename__ = "routing_stops"
    __table_args__ = (
        Index(
            "routing_stops_live",
            "brand",
            "psp",
            "account",
            "region",
            "operation",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=identity())
    brand: str = Field(sa_column=words())
    psp: str = Field(sa_column=words())
    account: str = Field(sa_column=words())
    region: str = Field(sa_column=words())
    operation: str = Field(sa_column=words())
    reason: str = Field(sa_column=words())
    set_by: str = Field(sa_column=words())
    set_at: datetime = Field(sa_column=time(now="clock_timestamp()"))
    lifted_by: str | None = Field(sa_column=words(nullable=True))
    lifted_at: datetime | None = Field(sa_column=time(nullable=True))
    drain_per_second: float | None = Field(sa_column=rate())
    drained_until: datetime | None = Field(sa_column=time(nullable=True))
    """When the next one is due."""


class StopEventRow(SQLModel, table=True):
    __tablename__ = "routing_stop_events"
    __table_args__ = (Index("routing_stop_events_of", "stop_id"),)

    id: int | None = Field(default=None, sa_column=identity())
    stop_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    what: str = Field(sa_column=words())
    reason: str = Field(sa_column=words())
    drain_per_second: float | None = Field(sa_column=rate())
    by: str = Field(sa_column=words())
    at: datetime = Field(sa_column=time(now="clock_timestamp()"))


class ParkedRow(SQLModel, table=True):
    """Released: it may go. Told: its run knows of it, or is over."""

    __tablename__ = "routing_parked"
    __table_args__ = (
        Index(
            "routing_parked_waiting",
            "stop_id",
            "parked_at",
            "payment_id",
            postgresql_where=text("released_at IS NULL"),
        ),
        Index(
            "routing_parked_untold",
            "leased_until",
            postgresql_where=text("released_at IS NOT NULL AND told_at IS NULL"),
        ),
    )

    payment_id: str = Field(sa_column=words(key=True))
    stop_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False, nullable=False)
    )
    brand: str = Field(sa_column=words())
    psp: str | None = Field(sa_column=words(nullable=True))
    account: str | None = Field(sa_column=words(nullable=True))
    region: str = Field(sa_column=words())
    operation: str = Field(sa_column=words())
    parked_at: datetime = Field(sa_column=time(now="clock_timestamp()"))
    released_at: datetime | None = Field(sa_column=time(nullable=True))
    leased_until: datetime | None = Field(sa_column=time(nullable=True))
    told_at: datetime | None = Field(sa_column=time(nullable=True))
    run_over: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    rerouted: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """It was released without an account, and told to be routed anew."""
