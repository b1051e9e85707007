"""Reports of PSPs and their lines. Minor units, signed from our side: above zero the PSP owes us
more."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

_MATCH = "md5(psp || ' ' || account || ' ' || key || ' ' || movement)::uuid"


def _text(*, nullable: bool = False) -> Any:
    return Column(Text, nullable=nullable)


def _number(*, nullable: bool = False) -> Any:
    return Column(BigInteger, nullable=nullable)


class SettlementFileRow(SQLModel, table=True):
    """As it came; in one of its states: stored, applied, quarantined, replaced."""

    __tablename__ = "settlement_files"
    __table_args__ = (
        UniqueConstraint("sha256", "psp", "account", name="the_same_bytes_are_one_file"),
        Index(
            "settlement_files_in_force",
            *("psp", "account", "kind", "period", "sequence"),
            unique=True,
            postgresql_where=text("state = 'applied'"),
        ),
        Index("settlement_files_listed", "received_at", "id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    psp: str = Field(sa_column=_text())
    account: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    name: str = Field(sa_column=_text())
    period: str = Field(sa_column=_text())
    sequence: int = Field(sa_column=Column(Integer, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size_bytes: int = Field(sa_column=_number())
    stored_as: str = Field(sa_column=_text())
    state: str = Field(sa_column=_text())
    reason: str | None = Field(sa_column=_text(nullable=True))
    lines: int | None = Field(sa_column=Column(Integer, nullable=True))
    summary: dict[str, Any] | None = Field(sa_column=Column(JSONB, nullable=True))
    received_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    applied_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
    replaces: int | None = Field(sa_column=_number(nullable=True))


class SettlementLineRow(SQLModel, table=True):
    """It counts while its file is applied."""

    __tablename__ = "settlement_lines"
    __table_args__ = (
        Index(
            "settlement_lines_of_transfers",
            *("psp", "account"),
            postgresql_where=text("movement = 'transfer'"),
        ),
    )

    file_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    psp: str = Field(sa_column=_text())
    account: str = Field(sa_column=_text())
    identity: str = Field(sa_column=_text())
    movement: str = Field(sa_column=_text())
    currency: str = Field(sa_column=_text())
    gross: int = Field(sa_column=_number())
    net_currency: str = Field(sa_column=_text())
    net: int = Field(sa_column=_number())
    fee: int = Field(sa_column=_number())
    fees: dict[str, Any] | None = Field(sa_column=Column(JSONB, nullable=True))
    rate: str | None = Field(sa_column=_text(nullable=True))
    batch: str | None = Field(sa_column=_text(nullable=True))
    bank_reference: str | None = Field(sa_column=_text(nullable=True))
    booked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    raw_type: str = Field(sa_column=_text())
    key: str | None = Field(sa_column=_text(nullable=True))
    psp_ref: str | None = Field(sa_column=_text(nullable=True))
    match: UUID | None = Field(sa_column=Column(Uuid, Computed(_MATCH, persisted=True)))
