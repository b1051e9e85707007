"""What routing is told, what it decided and what it learned. Changes and receipts are written only
by SQL functions (migration 0010)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
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


def _identity() -> Any:
    return Column(BigInteger, Identity(always=True), primary_key=True)


def _words(*, nullable: bool = False) -> Any:
    return Column(Text, nullable=nullable)


def _document() -> Any:
    return Column(JSONB, nullable=False)


def _time(*, now: bool = True) -> Any:
    default = text("now()") if now else None
    return Column(DateTime(timezone=True), nullable=False, server_default=default)


class ChangeRow(SQLModel, table=True):
    """A proposed version of a merchant account or a policy; the versions of a name have no gaps."""

    __tablename__ = "routing_changes"
    __table_args__ = (UniqueConstraint("subject", "name", "version"),)

    id: int | None = Field(default=None, sa_column=_identity())
    subject: str = Field(sa_column=_words())
    """`account` or `policy`."""
    name: str = Field(sa_column=_words())
    """`psp/id`, or the id of the policy."""
    brand: str = Field(sa_column=_words())
    """Whose payments a policy is for; `*` is those of every brand without one of its own."""
    version: int
    based_on: int
    """The version that was active when it was proposed; 0 for none."""
    document: dict[str, Any] = Field(sa_column=_document())
    reason: str = Field(sa_column=_words())
    proposed_by: str = Field(sa_column=_words())
    proposed_at: datetime = Field(sa_column=_time())


class DecisionRow(SQLModel, table=True):
    """What a second person said to a change. The highest id is the generation of what is active."""

    __tablename__ = "routing_decisions"

    id: int | None = Field(default=None, sa_column=_identity())
    change_id: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    decision: str = Field(sa_column=_words())
    """`approve` or `reject`."""
    reason: str = Field(sa_column=_words())
    decided_by: str = Field(sa_column=_words())
    decided_at: datetime = Field(sa_column=_time())


class ReceiptRow(SQLModel, table=True):
    """Why a payment went where it went, each time it was routed."""

    __tablename__ = "routing_receipts"
    __table_args__ = (
        Index("routing_receipts_at", "at"),
        Index(
            "routing_receipts_experiment",
            "policy",
            "experiment",
            postgresql_where=text("experiment IS NOT NULL"),
        ),
    )

    payment_id: str = Field(sa_column=Column(Text, primary_key=True))
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_column=_time(now=False))
    brand: str = Field(sa_column=_words())
    policy: str = Field(sa_column=_words())
    version: int
    generation: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Of the merchant accounts and policies, by which it can be worked out again."""
    facts: dict[str, Any] = Field(sa_column=_document())
    receipt: dict[str, Any] = Field(sa_column=_document())
    route: dict[str, Any] = Field(sa_column=_document())
    """The answer that was given, and is given again to whoever asks again."""
    first_psp: str | None = Field(sa_column=_words(nullable=True))
    first_account: str | None = Field(sa_column=_words(nullable=True))
    experiment: str | None = Field(sa_column=_words(nullable=True))
    arm: str | None = Field(sa_column=_words(nullable=True))


class ChargebackRow(SQLModel, table=True):
    """A payment that a bank took back, as it was reported to us."""

    __tablename__ = "routing_chargebacks"
    __table_args__ = (Index("routing_chargebacks_at", "at"),)

    payment_id: str = Field(sa_column=Column(Text, primary_key=True))
    at: datetime = Field(sa_column=_time())
    """When we heard of it."""
    reported_by: str = Field(sa_column=_words())


class StatisticsRow(SQLModel, table=True):
    """Counts of first attempts over a sliding window; only the latest versions are kept."""

    __tablename__ = "routing_statistics"

    version: int | None = Field(default=None, sa_column=_identity())
    document: dict[str, Any] = Field(sa_column=_document())
    counted_at: datetime = Field(sa_column=_time())
