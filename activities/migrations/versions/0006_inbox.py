"""What the door of the PSPs refuses, and how long an event waits for its payment."""

from __future__ import annotations

from alembic import op

from activities.migrations import run_sql

revision = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(op.get_bind(), __file__)
