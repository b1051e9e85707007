"""What compliance knows of players."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, Text
from sqlmodel import Field, SQLModel


class RiskPlayerRow(SQLModel, table=True):
    __tablename__ = "risk_players"

    brand: str = Field(sa_column=Column(Text, primary_key=True))
    player_id: str = Field(sa_column=Column(Text, primary_key=True))
    kyc: str = Field(sa_column=Column(Text, nullable=False))
    """`unknown`, `verified` or `rejected`."""
    blocked: bool
    vip: bool
    country: str | None = Field(sa_column=Column(Text))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
