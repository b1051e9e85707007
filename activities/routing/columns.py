"""The columns that routing's tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Float, Identity, Text, text
from sqlalchemy.dialects.postgresql import JSONB


def identity() -> Any:
    return Column(BigInteger, Identity(always=True), primary_key=True)


def words(*, default: str | None = None, nullable: bool = False, key: bool = False) -> Any:
    server_default = None if default is None else text(f"'{default}'")
    return Column(Text, nullable=nullable, primary_key=key, server_default=server_default)


def key() -> Any:
    """Sorted by its bytes: a lock order that is the same everywhere."""
    return Column(Text(collation="C"), primary_key=True)


def time(*, now: str | None = None, nullable: bool = False) -> Any:
    return Column(
        DateTime(timezone=True),
        nullable=nullable,
        server_default=None if now is None else text(now),
    )


def rate() -> Any:
    return Column(Float(53), nullable=True)


def jsonb() -> Any:
    return Column(JSONB, nullable=False)
