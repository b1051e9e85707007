"""The cases' tables. A case is written by whoever opens it, and by `case_note` (functions.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    DateTime,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

_NAME = "'case_'::text || md5(key)"


class CaseRow(SQLModel, table=True):
    """One case as it stands."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_listed", "brand", "opened_at", "key"),
        Index("cases_of_payment", "payment_id"),
        Index("cases_id", "id", unique=True),
        Index("cases_open", "payment_id", postgresql_where=text("state = 'open'")),
        Index(
            "cases_of_money_gone",
            "payment_id",
            postgresql_where=text("state = 'open' AND kind = 'money_gone'"),
        ),
    )

    key: str = Field(sa_column=Column(Text, primary_key=True))
    id: str = Field(sa_column=Column(Text, Computed(_NAME, persisted=True), nullable=False))
    """`case_…`, made of the key: whoever knows the one knows the other."""
    payment_id: str = Field(sa_column=Column(Text, nullable=False))
    brand: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    summary: str = Field(sa_column=Column(Text, nullable=False))
    money_at_risk_minor: int | None = Field(sa_column=Column(BigInteger))
    currency: str | None = Field(sa_column=Column(Text))
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    opened_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'open'")))
    owner: str | None = Field(sa_column=Column(Text))
    proposal: dict[str, Any] | None = Field(sa_column=Column(JSONB))
    resolution: dict[str, Any] | None = Field(sa_column=Column(JSONB))
    resolved_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class CaseEventRow(SQLModel, table=True):
    """What happened to a case, and who did it. Append-only."""

    __tablename__ = "case_events"
    __table_args__ = (UniqueConstraint("case_id", "key"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    case_id: str = Field(sa_column=Column(Text, nullable=False))
    key: str = Field(sa_column=Column(Text, nullable=False))
    what: str = Field(sa_column=Column(Text, nullable=False))
    by: str = Field(sa_column=Column(Text, nullable=False))
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
