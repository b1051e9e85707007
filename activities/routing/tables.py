"""The switches of routing, with the audit of their changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, text
from sqlmodel import Field, SQLModel


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
