"""What was asked of PSPs. Written by functions of the database alone (functions.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class InstructionRow(SQLModel, table=True):
    """One instruction, written down before it left us, and what is certain of it."""

    __tablename__ = "psp_instructions"
    __table_args__ = (
        Index("psp_instructions_of_payment", "payment_id"),
        Index("psp_instructions_by_ref", "psp_ref", postgresql_where=text("psp_ref IS NOT NULL")),
    )

    key: str = Field(sa_column=Column(Text, primary_key=True))
    payment_id: str = Field(sa_column=Column(Text, nullable=False))
    operation: str = Field(sa_column=Column(Text, nullable=False))
    psp: str = Field(sa_column=Column(Text, nullable=False))
    account: str = Field(sa_column=Column(Text, nullable=False))
    currency: str = Field(sa_column=Column(Text, nullable=False))
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    acts_on: str | None = Field(
        sa_column=Column(
            Text,
            comment="the key of the authorization that a completion, capture or void belongs to",
        )
    )
    acts_on_ref: str | None = Field(sa_column=Column(Text))
    rest: bool = Field(
        sa_column=Column(
            Boolean,
            nullable=False,
            server_default=text("false"),
            comment="of a void: what is left after a capture, which it does not exclude",
        )
    )
    state: str = Field(
        sa_column=Column(
            Text,
            nullable=False,
            comment="asked: it may have happened; not_sent: it certainly left us never, "
            "or did nothing",
        )
    )
    answer: dict[str, Any] | None = Field(sa_column=Column(JSONB))
    psp_ref: str | None = Field(sa_column=Column(Text))
    asked_at: datetime = Field(
        sa_column=Column(
            DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")
        )
    )
    times: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("1")))
    answered_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
