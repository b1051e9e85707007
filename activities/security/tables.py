"""The table of refusals."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class SecurityRow(SQLModel, table=True):
    """Refusals of one kind: how many, and what can be told of the last one. Append-only."""

    __tablename__ = "security_events"
    __table_args__ = (Index("security_events_of_psp", "psp", "id"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    psp: str | None = Field(sa_column=Column(Text))
    """Whose webhook it was; None of the API's own callers."""
    rule: str = Field(sa_column=Column(Text, nullable=False))
    status: int
    occurrences: int
    remote: str | None = Field(sa_column=Column(Text))
    header_names: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    body_bytes: int | None = Field(sa_column=Column(BigInteger))
    body_sha256: str | None = Field(sa_column=Column(Text))
    place: str | None = Field(sa_column=Column(Text))
    """Method and route; None of webhooks."""
    actor: str | None = Field(sa_column=Column(Text))
    """The credential's name, or the prefix of a token that was none."""
    recorded_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
