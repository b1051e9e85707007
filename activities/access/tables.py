"""Credentials, and what was done with them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class CredentialRow(SQLModel, table=True):
    """One token. Several may share a name: a new one is issued before the old one is revoked."""

    __tablename__ = "credentials"

    id: int | None = Field(
        default=None, sa_column=Column(Integer, Identity(always=True), primary_key=True)
    )
    name: str = Field(sa_column=Column(Text, nullable=False, index=True))
    person: str = Field(sa_column=Column(Text, nullable=False))
    """Whose it is, by which requester and approver are told apart: a person has several names."""
    prefix: str | None = Field(sa_column=Column(Text, unique=True))
    """The middle of `ps_<prefix>_<secret>`, by which it is found. No secret. None of tokens that
    were made before there was one, which have ended."""
    token_hash: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    """SHA-256 of the token in hex; the token itself is shown once and kept nowhere."""
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    brands: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    routes: list[str] = Field(
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{*}'"))
    )
    """`*`, or a method and a route: `GET /v1/payments`, `* /v1/cashier/*`."""
    at_most: dict[str, str] = Field(
        sa_column=Column(JSONB, nullable=False, server_default=text("'{}'"))
    )
    """What one request may move, as decimal text by currency; empty: no bound."""
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    revoked_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    expires_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    last_used_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    """To a minute or so."""


class ActionRow(SQLModel, table=True):
    """One thing that somebody had done. Append-only; written by `registry_claim` and by the command
    line, in the statement or the transaction that has the effect or comes before it."""

    __tablename__ = "actions"
    __table_args__ = (
        Index("actions_of_brand", "brand", "id"),
        Index("actions_of_subject", "subject", "id"),
        Index("actions_of_person", "person", "id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    actor: str = Field(sa_column=Column(Text, nullable=False))
    """The credential's name, or the user of the command line."""
    person: str = Field(sa_column=Column(Text, nullable=False))
    brand: str = Field(sa_column=Column(Text, nullable=False))
    remote: str | None = Field(sa_column=Column(Text))
    what: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    reason: str | None = Field(sa_column=Column(Text))
    trace_id: str = Field(sa_column=Column(Text, nullable=False))
    key: str | None = Field(sa_column=Column(Text))
