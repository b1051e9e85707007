"""The registry's tables. Written only by its SQL functions (functions/)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _time(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class PaymentRow(SQLModel, table=True):
    """One deposit, payout or refund at its latest version."""

    __tablename__ = "payments"
    __table_args__ = (
        Index("payments_listed", "kind", "brand", "created_at", "id"),
        Index("payments_of_player", "kind", "brand", "player_id", "created_at", "id"),
        Index("payments_of_intent", "intent_id"),
        Index("payments_open", "updated_at", postgresql_where=text("NOT final")),
        Index("payments_refund_id", "brand", "refund_id", unique=True),
        Index(
            "payments_undecided",
            "created_at",
            "id",
            postgresql_where=text(
                "kind = 'payout' AND status IN ('PAYOUT_AWAITING_APPROVAL', 'PAYOUT_POSTPONED')"
            ),
        ),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    brand: str = Field(sa_column=Column(Text, nullable=False))
    region: str = Field(sa_column=Column(Text, nullable=False))
    player_id: str = Field(sa_column=Column(Text, nullable=False))
    currency: str = Field(sa_column=Column(Text, nullable=False))
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    method: str = Field(sa_column=Column(Text, nullable=False))
    status: str = Field(sa_column=Column(Text, nullable=False))
    version: int
    final: bool
    intent_id: str | None = Field(sa_column=Column(Text))
    """The deposit that a refund gives back."""
    refund_id: str | None = Field(sa_column=Column(Text))
    """The refund's name as the caller knows it, unique within the brand."""
    capture_id: str | None = Field(sa_column=Column(Text, unique=True))
    trace_id: str = Field(sa_column=Column(Text, nullable=False))
    requester: str = Field(sa_column=Column(Text, nullable=False))
    """The person, or the program."""
    credential: str = Field(
        default="", sa_column=Column(Text, nullable=False, server_default=text("''"))
    )
    """With which the requester asked."""
    details: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """What the caller sent beyond the columns: metadata, return_url, destination …"""
    order: dict[str, Any] = Field(sa_column=Column("run_order", JSONB, nullable=False))
    """The run's input, from which a sweep starts it should the API die before it could."""
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_column=_time())
    updated_at: datetime = Field(sa_column=_time())
    expires_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    """Until then an intent may have no run. None: its run begins with it."""


class PaymentEventRow(SQLModel, table=True):
    """Every version of every payment, numbered without gaps."""

    __tablename__ = "payment_events"

    payment_id: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(primary_key=True)
    status: str = Field(sa_column=Column(Text, nullable=False))
    final: bool
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_column=_time())
    recorded_at: datetime = Field(sa_column=_time())
    content_hash: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    """Of what was recorded: the same again is a repetition."""


class SearchTermRow(SQLModel, table=True):
    """A word by which a payment can be found. Triggers write it (functions/search.sql)."""

    __tablename__ = "search_terms"

    value: str = Field(sa_column=Column(Text, primary_key=True))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    """Of the payment: the newest are found first."""
    payment_id: str = Field(sa_column=Column(Text, primary_key=True))
    word: str = Field(sa_column=Column(Text, primary_key=True))
    """What the value is of the payment, such as `psp_ref`."""
    brand: str = Field(sa_column=Column(Text, nullable=False))


class RequestRow(SQLModel, table=True):
    """One idempotency key of one brand: what was asked and what was answered."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        Index(
            "idempotency_keys_unanswered",
            "created_at",
            postgresql_where=text("answer_status IS NULL AND swept_at IS NULL"),
        ),
    )

    brand: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    request_hash: str = Field(sa_column=Column(Text, nullable=False))
    resource_id: str = Field(sa_column=Column(Text, nullable=False))
    answer_status: int | None = None
    answer_body: str | None = Field(default=None, sa_column=Column(Text))
    created_at: datetime = Field(sa_column=_time())
    swept_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    """When a sweep made sure that the resource has its run."""
