"""The outgoing events' table. A trigger on payments' history adds to it (functions.sql)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Text, text
from sqlmodel import Field, SQLModel


class State(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    """The receiver answered 2xx."""
    GAVE_UP = "gave_up"
    """Refused or unheard for three days."""
    KEPT = "kept"
    """The brand has no receiver: it is there to be read, and to be replayed to a later one."""


def _time(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class OutgoingEventRow(SQLModel, table=True):
    """One version of one payment as it is told: what it says is the registry's row itself."""

    __tablename__ = "outgoing_events"
    __table_args__ = (
        Index(
            "outgoing_events_due", "brand", "next_at", postgresql_where=text("next_at IS NOT NULL")
        ),
        Index("outgoing_events_fed", "tx"),
        Index("outgoing_events_by_time", "created_at", postgresql_using="brin"),
    )

    payment_id: str = Field(sa_column=Column(Text, primary_key=True))
    sequence: int = Field(primary_key=True)
    """The payment's version: 1, 2, 3 … without gaps."""
    brand: str = Field(sa_column=Column(Text, nullable=False))
    type: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(sa_column=_time())
    tx: int = Field(sa_column=Column(BigInteger, nullable=False))
    """The transaction that wrote it: the feed shows what no older transaction can still precede."""
    state: str = Field(sa_column=Column(Text, nullable=False))
    next_at: datetime | None = Field(sa_column=_time(nullable=True))
    """While it is waiting, and then always: when it may be tried."""
    until: datetime = Field(sa_column=_time())
    """A failure at or after this is the last."""
    attempts: int
    leased_until: datetime | None = Field(sa_column=_time(nullable=True))
    """Until then one dispatcher has it, and its next one leaves it alone."""
    delivered_at: datetime | None = Field(sa_column=_time(nullable=True))
    last_result: str | None = Field(sa_column=Column(Text))
    """How the last attempt ended, such as `HTTP 500` or `ConnectTimeout`."""
