"""How often which type of webhook told us nothing."""

from __future__ import annotations

from alembic import op

from activities.migrations import run_sql

revision = "0009"
down_revision: str | None = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(op.get_bind(), __file__)
