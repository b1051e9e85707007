"""Circuit breakers shared by all workers, stops by hand, what they park, and rate limits."""

from __future__ import annotations

from alembic import op

from activities.migrations import run_sql

revision = "0011"
down_revision: str | None = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(op.get_bind(), __file__)
