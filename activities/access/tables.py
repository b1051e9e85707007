"""The credentials' table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, Identity, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class CredentialRow(SQLModel, table=True):
    """One token. Several may share a name: a new one is issued before the old one is revoked."""

    __tablename__ = "credentials"

    id: int | None = Field(
        default=None, sa_column=Column(Integer, Identity(always=True), primary_key=True)
    )
    name: str = Field(sa_column=Column(Text, nullable=False, index=True))
    """Whoever holds it: the name by which requester and approver are told apart."""
    token_hash: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    """SHA-256 of the token in hex; the token itself is shown once and kept nowhere."""
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    brands: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    revoked_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
