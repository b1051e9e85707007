"""The bank's tables. Written by SQL functions (functions/)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel


def _number(*, key: bool = False) -> Any:
    return Column(BigInteger, primary_key=key, autoincrement=False, nullable=False)


def _id() -> Any:
    return Column(BigInteger, Identity(always=True), primary_key=True)


def _words(*, nullable: bool = False) -> Any:
    return Column(Text, nullable=nullable)


def _time(*, nullable: bool = False, now: bool = False) -> Any:
    default = text("clock_timestamp()") if now else None
    return Column(DateTime(timezone=True), nullable=nullable, server_default=default)


def _place() -> Any:
    return Column(Integer, primary_key=True, autoincrement=False)


class BankFileRow(SQLModel, table=True):
    __tablename__ = "bank_files"
    __table_args__ = (UniqueConstraint("sha256"),)

    id: int | None = Field(default=None, sa_column=_id())
    sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    stored_as: str = Field(sa_column=_words())
    state: str = Field(sa_column=_words())
    reason: str | None = Field(sa_column=_words(nullable=True))
    received_at: datetime = Field(sa_column=_time(now=True))


class BankStatementRow(SQLModel, table=True):
    """Counts from `applied_at` on: before, it waits for the one before it."""

    __tablename__ = "bank_statements"
    __table_args__ = (
        UniqueConstraint("bank_account", "currency", "content", name="one_statement_counts_once"),
        UniqueConstraint(
            "bank_account", "currency", "number", "ends", name="one_statement_has_one_content"
        ),
        Index("bank_statements_in_order", "bank_account", "currency", "ends", "sequence", "id"),
    )

    id: int | None = Field(default=None, sa_column=_id())
    file_id: int = Field(sa_column=_number())
    bank_account: str = Field(sa_column=_words())
    currency: str = Field(sa_column=_words())
    number: str = Field(sa_column=_words())
    sequence: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    ends: date = Field(sa_column=Column(Date, nullable=False))
    opening: int = Field(sa_column=_number())
    closing: int = Field(sa_column=_number())
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    applied_at: datetime | None = Field(sa_column=_time(nullable=True))


class BankEntryRow(SQLModel, table=True):
    """Append-only."""

    __tablename__ = "bank_entries"

    statement_id: int = Field(sa_column=_number(key=True))
    place: int = Field(sa_column=_place())
    amount_minor: int = Field(sa_column=_number())
    booked_on: date = Field(sa_column=Column(Date, nullable=False))
    value_on: date | None = Field(sa_column=Column(Date))
    reference: str = Field(sa_column=_words())


class BankMatchRow(SQLModel, table=True):
    """Which payout an entry is. Append-only."""

    __tablename__ = "bank_matches"
    __table_args__ = (UniqueConstraint("psp", "account", "payout"),)

    statement_id: int = Field(sa_column=_number(key=True))
    place: int = Field(sa_column=_place())
    psp: str = Field(sa_column=_words())
    account: str = Field(sa_column=_words())
    payout: str = Field(sa_column=_words())
    currency: str = Field(sa_column=_words())
    amount_minor: int = Field(sa_column=_number())
    matched_by: str = Field(sa_column=_words())
    matched_at: datetime = Field(sa_column=_time())
