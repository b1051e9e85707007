"""The inbox's tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class InboxRow(SQLModel, table=True):
    """One verified event of one PSP, whatever became of it."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        UniqueConstraint("psp", "event_id"),
        Index(
            "inbox_fresh",
            "id",
            postgresql_where=text("delivered_at IS NULL AND parked IS NULL AND attempts = 0"),
        ),
        Index(
            "inbox_waiting",
            "next_at",
            postgresql_where=text("delivered_at IS NULL AND parked IS NULL AND attempts > 0"),
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
    refusals: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """How often its run would not take it: an outage is none."""
    escalated_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    """Since when a person knows that it waits."""


class NonceRow(SQLModel, table=True):
    """A nonce that signed a webhook; forgotten once the signature is stale anyway."""

    __tablename__ = "inbox_nonces"
    __table_args__ = (Index("inbox_nonces_used", "used_at"),)

    psp: str = Field(sa_column=Column(Text, primary_key=True))
    nonce: str = Field(sa_column=Column(Text, primary_key=True))
    used_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )


class SecurityRow(SQLModel, table=True):
    """Refusals of one kind: how many, and what can be told of the last one. Append-only."""

    __tablename__ = "security_events"
    __table_args__ = (Index("security_events_of_psp", "psp", "id"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    psp: str = Field(sa_column=Column(Text, nullable=False))
    rule: str = Field(sa_column=Column(Text, nullable=False))
    status: int
    occurrences: int
    remote: str | None = Field(sa_column=Column(Text))
    header_names: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    body_bytes: int | None = Field(sa_column=Column(BigInteger))
    body_sha256: str | None = Field(sa_column=Column(Text))
    recorded_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )


class WebhookTypeRow(SQLModel, table=True):
    """How often a type of webhook that tells us nothing came on a day (UTC)."""

    __tablename__ = "webhook_types"

    psp: str = Field(sa_column=Column(Text, primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    type: str = Field(sa_column=Column(Text, primary_key=True))
    known: bool = Field(primary_key=True)
    """Passed over by the plugin's table; otherwise the table does not have it."""
    count: int = Field(sa_column=Column(BigInteger, nullable=False))
