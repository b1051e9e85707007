"""Proposed versions, and what was decided of them. Written only by SQL functions
(functions.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from activities.routing.columns import identity, jsonb, time, words


class ChangeRow(SQLModel, table=True):
    """A proposed version of a merchant account or a policy; the versions of a name have no gaps."""

    __tablename__ = "routing_changes"
    __table_args__ = (UniqueConstraint("subject", "name", "version"),)

    id: int | None = Field(default=None, sa_column=identity())
    subject: str = Field(sa_column=words())
    """`account` or `policy`."""
    name: str = Field(sa_column=words())
    """`psp/id`, or the id of the policy."""
    brand: str = Field(sa_column=words())
    """Whose payments a policy is for; `*` is those of every brand without one of its own."""
    version: int
    based_on: int
    """The version that was active when it was proposed; 0 for none."""
    document: dict[str, Any] = Field(sa_column=jsonb())
    reason: str = Field(sa_column=words())
    proposed_by: str = Field(sa_column=words())
    proposed_at: datetime = Field(sa_column=time(now="now()"))


class DecisionRow(SQLModel, table=True):
    """What a second person said to a change. The highest id is the generation of what is active."""

    __tablename__ = "routing_decisions"

    id: int | None = Field(default=None, sa_column=identity())
    change_id: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    decision: str = Field(sa_column=words())
    """`approve` or `reject`."""
    reason: str = Field(sa_column=words())
    decided_by: str = Field(sa_column=words())
    decided_at: datetime = Field(sa_column=time(now="now()"))
