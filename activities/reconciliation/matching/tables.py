"""The matching's tables. Written only by its SQL functions (functions/), breaks by other books'
too."""

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
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _id() -> Any:
    return Column(BigInteger, Identity(always=True), primary_key=True)


def _number(*, nullable: bool = False, key: bool = False) -> Any:
    return Column(BigInteger, primary_key=key, autoincrement=False, nullable=nullable)


def _words(*, nullable: bool = False) -> Any:
    return Column(Text, nullable=nullable)


def _time(*, nullable: bool = False, now: bool = False) -> Any:
    default = text("clock_timestamp()") if now else None
    return Column(DateTime(timezone=True), nullable=nullable, server_default=default)


class ReconciliationRow(SQLModel, table=True):
    """One run of the matching. Append-only."""

    __tablename__ = "reconciliations"
    __table_args__ = (UniqueConstraint("psp", "account", "as_of", name="one_run_as_of_a_moment"),)

    id: int | None = Field(default=None, sa_column=_id())
    psp: str = Field(sa_column=_words())
    account: str = Field(sa_column=_words())
    as_of: datetime = Field(sa_column=_time())
    finished_at: datetime = Field(sa_column=_time(now=True))
    figures: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class ReconciliationDayRow(SQLModel, table=True):
    """What a run added to a day, or took from it. Append-only."""

    __tablename__ = "reconciliation_days"
    __table_args__ = (
        Index("reconciliation_days_of_account", "psp", "account", "day"),
        Index("reconciliation_days_of_file", "file_id"),
    )

    id: int | None = Field(default=None, sa_column=_id())
    psp: str = Field(sa_column=_words())
    account: str = Field(sa_column=_words())
    as_of: datetime = Field(sa_column=_time())
    file_id: int = Field(sa_column=_number())
    day: date = Field(sa_column=Column(Date, nullable=False))
    currency: str = Field(sa_column=_words())
    matched: int = Field(sa_column=_number())
    matched_minor: int = Field(sa_column=_number())


class MatchedFileRow(SQLModel, table=True):
    """A file whose lines were judged, and how much of it the ledger has."""

    __tablename__ = "matched_files"
    __table_args__ = (
        Index(
            "matched_files_to_post",
            "psp",
            "account",
            postgresql_where=text(
                "posted_at IS NULL OR undone_at IS NOT NULL AND unposted_at IS NULL"
            ),
        ),
        Index(
            "matched_files_in_force",
            "psp",
            "account",
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    file_id: int = Field(sa_column=_number(key=True))
    psp: str = Field(sa_column=_words())
    account: str = Field(sa_column=_words())
    matched_at: datetime = Field(sa_column=_time())
    posted_at: datetime | None = Field(sa_column=_time(nullable=True))
    undone_at: datetime | None = Field(sa_column=_time(nullable=True))
    unposted_at: datetime | None = Field(sa_column=_time(nullable=True))


class BreakRow(SQLModel, table=True):
    """What does not agree. `ours_minor` or `theirs_minor` is null where that side has nothing."""

    __tablename__ = "breaks"
    __table_args__ = (
        Index(
            "breaks_of_line",
            "file_id",
            "place",
            "class",
            unique=True,
            postgresql_where=text("closed_at IS NULL AND file_id IS NOT NULL"),
        ),
        Index(
            "breaks_of_missing",
            "expectation_id",
            "class",
            unique=True,
            postgresql_where=text(
                "closed_at IS NULL AND file_id IS NULL AND expectation_id IS NOT NULL"
            ),
        ),
        Index(
            "breaks_of_expectation",
            "expectation_id",
            postgresql_where=text("expectation_id IS NOT NULL"),
        ),
        Index(
            "breaks_open",
            "psp",
            "account",
            "opened_at",
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("breaks_of_payment", "payment_id", postgresql_where=text("payment_id IS NOT NULL")),
    )

    id: int | None = Field(default=None, sa_column=_id())
    class_: str = Field(sa_column=Column("class", Text, nullable=False))
    differs: str | None = Field(sa_column=_words(nullable=True))
    psp: str = Field(sa_column=_words())
    account: str = Field(sa_column=_words())
    brand: str | None = Field(sa_column=_words(nullable=True))
    day: date = Field(sa_column=Column(Date, nullable=False))
    currency: str = Field(sa_column=_words())
    ours_minor: int | None = Field(sa_column=_number(nullable=True))
    theirs_minor: int | None = Field(sa_column=_number(nullable=True))
    payment_id: str | None = Field(sa_column=_words(nullable=True))
    key: str | None = Field(sa_column=_words(nullable=True))
    movement: str | None = Field(sa_column=_words(nullable=True))
    file_id: int | None = Field(sa_column=_number(nullable=True))
    place: int | None = Field(sa_column=Column(Integer))
    expectation_id: int | None = Field(sa_column=_number(nullable=True))
    batch: str | None = Field(sa_column=_words(nullable=True))
    opened_at: datetime = Field(sa_column=_time())
    closed_at: datetime | None = Field(sa_column=_time(nullable=True))
    closed_by: str | None = Field(sa_column=_words(nullable=True))
    case_id: str | None = Field(sa_column=_words(nullable=True))


class SettlementCompletionRow(SQLModel, table=True):
    """A line of an instruction in doubt."""

    __tablename__ = "settlement_completions"
    __table_args__ = (
        Index("settlement_completions_of_payment", "payment_id"),
        Index(
            "settlement_completions_to_pass_on",
            "psp",
            "account",
            postgresql_where=text("passed_on_at IS NULL"),
        ),
    )

    file_id: int = Field(sa_column=_number(key=True))
    place: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    payment_id: str = Field(sa_column=_words())
    key: str = Field(sa_column=_words())
    operation: str = Field(sa_column=_words())
    psp: str = Field(sa_column=_words())
    account: str = Field(sa_column=_words())
    movement: str = Field(sa_column=_words())
    currency: str = Field(sa_column=_words())
    amount_minor: int = Field(sa_column=_number())
    psp_ref: str | None = Field(sa_column=_words(nullable=True))
    booked_at: datetime = Field(sa_column=_time())
    found_at: datetime = Field(sa_column=_time())
    passed_on_at: datetime | None = Field(sa_column=_time(nullable=True))
