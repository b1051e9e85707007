"""What is expected of PSPs' reports. Written by SQL functions alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    DateTime,
    Identity,
    Index,
    Integer,
    Interval,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel


def _text(comment: str | None = None, *, nullable: bool = False) -> Any:
    return Column(Text, nullable=nullable, comment=comment)


def _moment() -> Any:
    return Column(DateTime(timezone=True), nullable=False)


_BOOKED = (
    "by which it is in the ledger; what came and went without the wallet has none, and sums to zero"
)
_MATCH = "md5(psp || ' ' || account || ' ' || key || ' ' || movement)::uuid"


class ExpectationRow(SQLModel, table=True):
    """A movement at a PSP that no settlement line has confirmed yet."""

    __tablename__ = "expectations"
    __table_args__ = (
        UniqueConstraint("key", "movement", "number"),
        Index("expectations_of_payment", "payment_id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    key: str = Field(
        sa_column=_text(
            "which the line carries: that of the instruction, of a sale that of its capture"
        )
    )
    """What others did at the PSP has one of ours, and is found by the PSP's name of it."""
    movement: str = Field(sa_column=_text())
    number: int = Field(
        sa_column=Column(
            SmallInteger,
            nullable=False,
            server_default=text("1"),
            comment="tells several movements under one key apart",
        )
    )
    payment_id: str = Field(sa_column=_text())
    brand: str = Field(sa_column=_text())
    psp: str = Field(sa_column=_text())
    account: str = Field(sa_column=_text())
    method: str = Field(sa_column=_text())
    currency: str = Field(sa_column=_text())
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Signed: above zero the PSP owes us more."""
    psp_ref: str | None = Field(sa_column=_text(nullable=True))
    done_at: datetime = Field(sa_column=_moment())
    due_at: datetime = Field(sa_column=_moment())
    """When it is missing."""
    transfer_id: int | None = Field(sa_column=Column(BigInteger, comment=_BOOKED))
    match: UUID | None = Field(
        default=None, sa_column=Column(Uuid, Computed(_MATCH, persisted=True), nullable=False)
    )


class SettledRow(SQLModel, table=True):
    """A movement with the settlement line that confirmed it."""

    __tablename__ = "settled"
    __table_args__ = (
        Index("settled_of_payment", "payment_id"),
        Index("settled_by_line", "file_id", "place", unique=True),
        {"comment": "each with its line; a newer version of the file opens it again"},
    )

    expectation_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    key: str = Field(sa_column=_text())
    movement: str = Field(sa_column=_text())
    number: int = Field(sa_column=Column(SmallInteger, nullable=False))
    payment_id: str = Field(sa_column=_text())
    brand: str = Field(sa_column=_text())
    psp: str = Field(sa_column=_text())
    account: str = Field(sa_column=_text())
    method: str = Field(sa_column=_text())
    currency: str = Field(sa_column=_text())
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    psp_ref: str | None = Field(sa_column=_text(nullable=True))
    done_at: datetime = Field(sa_column=_moment())
    due_at: datetime = Field(sa_column=_moment())
    transfer_id: int | None = Field(sa_column=Column(BigInteger))
    file_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    place: int = Field(sa_column=Column(Integer, nullable=False))
    settled_at: datetime = Field(sa_column=_moment())


class TermRow(SQLModel, table=True):
    """How long a movement waits for its line until it is missing, and a batch for the bank."""

    __tablename__ = "settlement_terms"

    psp: str = Field(sa_column=Column(Text, primary_key=True))
    account: str = Field(
        sa_column=Column(
            Text, primary_key=True, comment="empty: of every account that has none of its own"
        )
    )
    method: str = Field(
        sa_column=Column(
            Text, primary_key=True, comment="empty: of every method that has none of its own"
        )
    )
    delay: timedelta = Field(sa_column=Column(Interval, nullable=False))
    bank_delay: timedelta = Field(sa_column=Column(Interval, nullable=False))
