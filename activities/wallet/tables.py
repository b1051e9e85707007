"""The ledger's tables. Written only by its SQL functions (functions/); append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel


def _id() -> Any:
    return Column(BigInteger, Identity(always=True), primary_key=True)


def _recorded_at() -> Any:
    now = text("clock_timestamp()")
    return Column(DateTime(timezone=True), nullable=False, server_default=now)


class AccountRow(SQLModel, table=True):
    """A player's `available` or `held` money in one currency, or an account of the house.

    House accounts (`psp:<psp>:<merchant account>`, what became of that, and what players owe) have
    entries and no balance: a row that everybody updates would be everybody's queue.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("name", "currency"),
        Index(
            "accounts_of_player",
            "player_id",
            "brand",
            postgresql_where=text("player_id IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=_id())
    name: str = Field(sa_column=Column(Text, nullable=False))
    currency: str = Field(sa_column=Column(Text, nullable=False))
    brand: str | None = Field(sa_column=Column(Text))
    player_id: str | None = Field(sa_column=Column(Text))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    balance: int | None = Field(sa_column=Column(BigInteger))
    """Minor units, never below zero."""
    version: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    """The number of entries."""


class TransferRow(SQLModel, table=True):
    """One command that was done. A hold without a transfer that resolves it is pending."""

    __tablename__ = "transfers"
    __table_args__ = (
        Index("transfers_against", "against", postgresql_where=text("against IS NOT NULL")),
        Index("transfers_of_payment", "payment_id"),
        Index(
            "transfers_of_the_house",
            "kind",
            postgresql_where=text(
                "kind NOT IN ('credit', 'debit', 'hold', 'capture_hold', 'release')"
            ),
        ),
    )

    id: int | None = Field(default=None, sa_column=_id())
    key: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    request_hash: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    payment_id: str | None = Field(sa_column=Column(Text))
    """Of the house's own transfers there is none, nor a brand or player."""
    brand: str | None = Field(sa_column=Column(Text))
    player_id: str | None = Field(sa_column=Column(Text))
    currency: str = Field(sa_column=Column(Text, nullable=False))
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Above zero, but of the house's own: those are signed from our side."""
    against: int | None = Field(sa_column=Column(BigInteger))
    """The credit that bounds this hold."""
    resolves: int | None = Field(sa_column=Column(BigInteger, unique=True))
    """The hold that this transfer ends; each hold is ended at most once."""
    recorded_at: datetime = Field(sa_column=_recorded_at())
    counter_currency: str | None = Field(
        sa_column=Column(
            Text,
            comment="of a conversion, the currency into which it went; counter_minor is how much "
            "of it came",
        )
    )
    counter_minor: int | None = Field(sa_column=Column(BigInteger))


class EntryRow(SQLModel, table=True):
    """One side of a transfer. A player's entries are a chain: balance after, version by version.

    Positive: the account has more. A PSP's account below zero is what that PSP owes us.
    """

    __tablename__ = "entries"
    __table_args__ = (
        Index(
            "entries_chain",
            "account_id",
            "version",
            unique=True,
            postgresql_where=text("version IS NOT NULL"),
        ),
        Index("entries_of_transfer", "transfer_id"),
    )

    id: int | None = Field(default=None, sa_column=_id())
    transfer_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    balance_after: int | None = Field(sa_column=Column(BigInteger))
    version: int | None = Field(sa_column=Column(BigInteger))
    recorded_at: datetime = Field(sa_column=_recorded_at())


class RefusalRow(SQLModel, table=True):
    """One command that was refused. The same command gets the same refusal."""

    __tablename__ = "wallet_refusals"

    key: str = Field(sa_column=Column(Text, primary_key=True))
    request_hash: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    recorded_at: datetime = Field(sa_column=_recorded_at())
