"""Merchant accounts and policies as data, and why each payment went where it went."""

from __future__ import annotations

from alembic import op

from activities.migrations import run_sql

revision = "0010"
down_revision: str | None = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(op.get_bind(), __file__)
