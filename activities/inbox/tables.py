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
from sqlalchemy.dialects.postgresql import JSONB
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
        Index("inbox_parked", "id", postgresql_where=text("parked IS NOT NULL")),
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
    """Why it is not delivered to a run: `repeated`, `crowded`, `not_ours`, `undeliverable`."""
    refusals: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """How often its run would not take it: an outage is none."""
    escalated_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    """Since when a person knows that it waits."""
    meaning: str | None = Field(sa_column=Column(Text))
    """A digest of all that is signed, but for its name."""
    gist: str | None = Field(sa_column=Column(Text))
    """A digest of what was done to what, and how it ended."""


class MeaningRow(SQLModel, table=True):
    """What the runs of a payment were told, or are about to be: each meaning once."""

    __tablename__ = "inbox_meanings"

    payment_id: str = Field(sa_column=Column(Text, primary_key=True))
    meaning: str = Field(sa_column=Column(Text, primary_key=True))
    gist: str = Field(sa_column=Column(Text, nullable=False))
    event_id: int = Field(sa_column=Column(BigInteger, nullable=False))


class SendingRow(SQLModel, table=True):
    """The body that came first under a name by which a PSP sends; forgotten after a week."""

    __tablename__ = "inbox_sendings"
    __table_args__ = (Index("inbox_sendings_first", "first_at"),)

    psp: str = Field(sa_column=Column(Text, primary_key=True))
    sent_as: str = Field(sa_column=Column(Text, primary_key=True))
    body_sha256: str = Field(sa_column=Column(Text, nullable=False))
    first_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )


class NonceRow(SQLModel, table=True):
    """A nonce that signed a webhook; forgotten once the signature is stale anyway."""

    __tablename__ = "inbox_nonces"
    __table_args__ = (Index("inbox_nonces_used", "used_at"),)

    psp: str = Field(sa_column=Column(Text, primary_key=True))
    nonce: str = Field(sa_column=Column(Text, primary_key=True))
    used_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )


class RedeliveryRow(SQLModel, table=True):
    """Somebody had an event delivered again. Append-only."""

    __tablename__ = "inbox_redeliveries"
    __table_args__ = (UniqueConstraint("event_id", "key"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    event_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    key: str = Field(sa_column=Column(Text, nullable=False))
    was: str = Field(sa_column=Column(Text, nullable=False))
    """`delivered`, `waiting`, or why it was parked."""
    by: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(
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
