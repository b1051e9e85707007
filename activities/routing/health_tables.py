"""Breakers, stops by hand, what they park, and rates. Written by SQL functions (migration 0011),
but for the rates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Float, Identity, Index, Text, text
from sqlmodel import Field, SQLModel


def _identity() -> Any:
    return Column(BigInteger, Identity(always=True), primary_key=True)


def _words(*, default: str | None = None, nullable: bool = False, key: bool = False) -> Any:
    told = None if default is None else text(f"'{default}'")
    return Column(Text, nullable=nullable, primary_key=key, server_default=told)


def _key() -> Any:
    """Sorted by its bytes: a lock order that is the same everywhere."""
    return Column(Text(collation="C"), primary_key=True)


def _time(*, now: str | None = None, nullable: bool = False) -> Any:
    return Column(
        DateTime(timezone=True),
        nullable=nullable,
        server_default=None if now is None else text(now),
    )


def _rate() -> Any:
    return Column(Float(53), nullable=True)


class BreakerRow(SQLModel, table=True):
    """The method `*` is for calls that have none."""

    __tablename__ = "routing_breakers"

    psp: str = Field(sa_column=_key())
    account: str = Field(sa_column=_key())
    method: str = Field(sa_column=_key())
    state: str = Field(sa_column=_words(default="closed"))
    since: datetime = Field(sa_column=_time(now="to_timestamp(0)"))
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

    psp: str = Field(sa_column=_key())
    account: str = Field(sa_column=_key())
    method: str = Field(sa_column=_key())
    second: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    answered: int
    failed: int


class HealthEventRow(SQLModel, table=True):
    __tablename__ = "routing_health_events"

    id: int | None = Field(default=None, sa_column=_identity())
    at: datetime = Field(sa_column=_time())
    psp: str = Field(sa_column=_words())
    account: str = Field(sa_column=_words())
    method: str = Field(sa_column=_words())
    before: str = Field(sa_column=_words())
    after: str = Field(sa_column=_words())
    reason: str = Field(sa_column=_words())


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

    id: int | None = Field(default=None, sa_column=_identity())
    brand: str = Field(sa_column=_words())
    psp: str = Field(sa_column=_words())
    account: str = Field(sa_column=_words())
    region: str = Field(sa_column=_words())
    operation: str = Field(sa_column=_words())
    reason: str = Field(sa_column=_words())
    set_by: str = Field(sa_column=_words())
    set_at: datetime = Field(sa_column=_time(now="clock_timestamp()"))
    lifted_by: str | None = Field(sa_column=_words(nullable=True))
    lifted_at: datetime | None = Field(sa_column=_time(nullable=True))
    drain_per_second: float | None = Field(sa_column=_rate())
    drained_until: datetime | None = Field(sa_column=_time(nullable=True))
    """When the next one is due."""


class StopEventRow(SQLModel, table=True):
    __tablename__ = "routing_stop_events"
    __table_args__ = (Index("routing_stop_events_of", "stop_id"),)

    id: int | None = Field(default=None, sa_column=_identity())
    stop_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    what: str = Field(sa_column=_words())
    reason: str = Field(sa_column=_words())
    drain_per_second: float | None = Field(sa_column=_rate())
    by: str = Field(sa_column=_words())
    at: datetime = Field(sa_column=_time(now="clock_timestamp()"))


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

    payment_id: str = Field(sa_column=_words(key=True))
    stop_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False, nullable=False)
    )
    brand: str = Field(sa_column=_words())
    psp: str | None = Field(sa_column=_words(nullable=True))
    account: str | None = Field(sa_column=_words(nullable=True))
    region: str = Field(sa_column=_words())
    operation: str = Field(sa_column=_words())
    parked_at: datetime = Field(sa_column=_time(now="clock_timestamp()"))
    released_at: datetime | None = Field(sa_column=_time(nullable=True))
    leased_until: datetime | None = Field(sa_column=_time(nullable=True))
    told_at: datetime | None = Field(sa_column=_time(nullable=True))
    run_over: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    rerouted: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """It was released without an account, and told to be routed anew."""


class RateRow(SQLModel, table=True):
    """How often a PSP may be asked, all operations together; null is no limit."""

    __tablename__ = "routing_rates"
    __table_args__ = (Index("routing_rates_latest", "psp", "id"),)

    id: int | None = Field(default=None, sa_column=_identity())
    psp: str = Field(sa_column=_words())
    per_second: float | None = Field(sa_column=_rate())
    reason: str = Field(sa_column=_words())
    set_by: str = Field(sa_column=_words())
    set_at: datetime = Field(sa_column=_time(now="clock_timestamp()"))
