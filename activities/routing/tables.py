"""What was switched, and why payments went where they went. Receipts are written only by SQL
functions (functions.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from activities.routing.columns import jsonb, time, words


class SwitchRow(SQLModel, table=True):
    """One change of one switch. `*` stands for every brand, account or method."""

    __tablename__ = "routing_switches"
    __table_args__ = (Index("routing_switches_latest", "psp", "account", "method", "brand", "id"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    brand: str = Field(sa_column=Column(Text, nullable=False))
    psp: str = Field(sa_column=Column(Text, nullable=False))
    account: str = Field(sa_column=Column(Text, nullable=False))
    method: str = Field(sa_column=Column(Text, nullable=False))
    enabled: bool
    reason: str = Field(sa_column=Column(Text, nullable=False))
    changed_by: str = Field(sa_column=Column(Text, nullable=False))
    changed_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )


class ReceiptRow(SQLModel, table=True):
    """Why a payment went where it went, each time it was routed."""

    __tablename__ = "routing_receipts"
    __table_args__ = (
        Index("routing_receipts_at", "at"),
        Index(
            "routing_receipts_experiment",
            "policy",
            "experiment",
            postgresql_where=text("experiment IS NOT NULL"),
        ),
    )

    payment_id: str = Field(sa_column=Column(Text, primary_key=True))
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_column=time())
    brand: str = Field(sa_column=words())
    policy: str = Field(sa_column=words())
    version: int
    generation: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Of the merchant accounts and policies, by which it can be worked out again."""
    facts: dict[str, Any] = Field(sa_column=jsonb())
    receipt: dict[str, Any] = Field(sa_column=jsonb())
    route: dict[str, Any] = Field(sa_column=jsonb())
    """The answer that was given, and is given again to whoever asks again."""
    first_psp: str | None = Field(sa_column=words(nullable=True))
    first_account: str | None = Field(sa_column=words(nullable=True))
    experiment: str | None = Field(sa_column=words(nullable=True))
    arm: str | None = Field(sa_column=words(nullable=True))
