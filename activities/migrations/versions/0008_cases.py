"""Cases that people resolve."""

from __future__ import annotations

from alembic import op

from activities.migrations import run_sql

revision = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(op.get_bind(), __file__)
