"""The cases' table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class CaseRow(SQLModel, table=True):
    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_listed", "brand", "opened_at", "key"),
        Index("cases_of_payment", "payment_id"),
    )

    key: str = Field(sa_column=Column(Text, primary_key=True))
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
