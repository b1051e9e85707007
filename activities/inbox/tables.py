"""The inbox's table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class InboxRow(SQLModel, table=True):
    """One verified event of one PSP, whatever became of it."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        UniqueConstraint("psp", "event_id"),
        Index(
            "inbox_undelivered",
            "next_at",
            postgresql_where=text("delivered_at IS NULL AND parked IS NULL"),
        ),
        Index("inbox_of_payment", "payment_id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    psp: str = Field(sa_column=Column(Text, nullable=False))
    event_id: str = Field(sa_column=Column(Text, nullable=False))
    payment_id: str = Field(sa_column=Column(Text, nullable=False))
    event: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    received_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    next_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    delivered_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    parked: str | None = Field(sa_column=Column(Text))
    """Why it was not delivered to a run, such as `run_closed`."""
